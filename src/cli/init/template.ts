/** What `headgate init` writes where nothing is: headgate.yaml, an example of a device and of its rule. */

/** Valid as it is; what was answered is set in it. */
export const gatewayTemplate = `# A gateway, made by \`headgate init\`. Left out, every key has a default; docs/configuration.md lists them all.
# Check it with \`headgate check\`, run it with \`headgate run\`.

gateway: gateway # the tag \`gateway\` on every point

data: ./data # journal, outbox, checkpoint
devices: ./devices # what each kind of device sends
rules: ./rules # what to compute, when to shout

sources:
  # The broker built in. On loopback only, unless \`users\` says who may log in; \`headgate passwd\` adds users.
  mqtt:
    broker:
      listen: [{ port: 1883, host: 127.0.0.1 }]

  # A serial line; \`ls -l /dev/serial/by-id\` shows the names of what is plugged in:
  # probe:
  #   serial: { path: /dev/serial/by-id/usb-probe, baud: 9600, framing: line }

# Where alerts go, by the names that rules say in \`notify\`. \`log\` is always there.
# notify:
#   ops: { webhook: { url: https://ops.example/hook } }

# Metrics over HTTP, on loopback, for Prometheus:
# metrics: { listen: [{ port: 9464 }] }

# Where points go; without it to files in data/points.
# forward:
#   influx: { url: http://influx.example:8086, database: fleet }
`;

export const exampleDevice = `# An example, made by \`headgate init\`: change it, or delete it and its rule.
# A sensor that publishes on room/kitchen/climate:
#   {"temperature": 21.4, "humidity": 48}

device: room
source: mqtt
topic: room/{room}/climate
codec: json
# No \`time\`: the sensor has no clock, so the time of arrival counts.
fields:
  # Beyond its range a value is set aside and counted, not averaged.
  temperature: { unit: degC, range: [-40, 80] }
  humidity: { unit: percent, range: [0, 100] }
lateness: 0s
`;

export const exampleRule = `# An example, made by \`headgate init\`: change it, or delete it and its device.

rules:
  - name: room-climate
    description: Each room, each minute.
    from: room
    window: { tumbling: 1m }
    # Fields of the point that goes to InfluxDB; the room is its tag.
    compute:
      readings: count()
      temperature: avg(temperature)
      humidity: avg(humidity)
    alert:
      - severity: warning
        when: temperature > 30
        clear: temperature < 28
        message: "{room}: {temperature:.1f} °C"
        notify: [log]
`;
