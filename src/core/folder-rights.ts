/** What the rights of a folder say about who its files are for. */

/** It is for its owner and group and closed to others, as /etc/headgate of the package is: that group is the gateway. */
export function isForGroup(mode: number): boolean {
  return (mode & 0o057) === 0o050;
}
