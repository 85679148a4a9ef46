/** What a small file that must survive a power cut asks of the disk. The disk itself: log/durable-files.ts. */

export interface DurableFiles {
  /** The whole content; undefined when there is no such file. Throws `GatewayError`. */
  read(path: string): Promise<Buffer | undefined>;
  /** After a crash at any moment the old or the new content is there, whole. Throws `GatewayError`; the old file stays. */
  replace(path: string, content: Uint8Array): Promise<void>;
  /** What cannot be used is kept under a name that says so, which it gives. Throws `GatewayError`. */
  setAside(path: string): Promise<string>;
}
