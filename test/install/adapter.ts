/** A USB serial adapter as the kernel would show it in /sys, in the words of umockdev-run(1). */

export interface Adapter {
  readonly vendor: string;
  readonly product: string;
  /** Cheap ones have none. */
  readonly serial?: string;
  /** The number of its interface. */
  readonly port: string;
}

const device = '/devices/pci0000:00/0000:00:14.0/usb1/1-3';

/** Where its line is in /sys. */
export function nodeOf({ port }: Adapter): string {
  return `/sys${device}/1-3:1.${Number(port)}/ttyUSB0/tty/ttyUSB0`;
}

export function describe(adapter: Adapter): string {
  const { vendor, product, serial, port } = adapter;
  const face = `${device}/1-3:1.${Number(port)}`;
  const parts = [
    ['/devices/pci0000:00/0000:00:14.0', 'E: SUBSYSTEM=pci'],
    ['/devices/pci0000:00/0000:00:14.0/usb1', 'E: SUBSYSTEM=usb', 'E: DEVTYPE=usb_device'],
    [
      device,
      'E: SUBSYSTEM=usb',
      'E: DEVTYPE=usb_device',
      `A: idVendor=${vendor}`,
      `A: idProduct=${product}`,
      'A: bcdDevice=0600',
      ...(serial === undefined ? [] : [`A: serial=${serial}`]),
    ],
    [
      face,
      'E: SUBSYSTEM=usb',
      'E: DEVTYPE=usb_interface',
      `A: bInterfaceNumber=${port}`,
      'A: bInterfaceClass=ff',
      'A: bInterfaceSubClass=ff',
      'A: bInterfaceProtocol=ff',
    ],
    [`${face}/ttyUSB0`, 'E: SUBSYSTEM=usb-serial'],
    [
      `${face}/ttyUSB0/tty/ttyUSB0`,
      'E: SUBSYSTEM=tty',
      'E: MAJOR=188',
      'E: MINOR=0',
      'E: DEVNAME=/dev/ttyUSB0',
      'A: dev=188:0',
    ],
  ];
  return parts.map(([path, ...lines]) => [`P: ${path}`, ...lines, ''].join('\n')).join('\n');
}
