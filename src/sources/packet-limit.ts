/**
 * A bound on the packets that the broker accepts, also before a client has said who it is.
 *
 * Reaches into a private field of aedes 1.2 (its tests pin that); version 2 has an option for it.
 */

/** The part of aedes' packet parser that is wrapped; see `limitPackets`. */
interface PacketParser {
  readonly packet: { readonly length: number };
  _parseLength(): boolean;
  _emitError(error: Error): void;
}

/** aedes 1.2 accepts packets of 256 MB from anyone: this ends the connection when a longer one is announced. */
export function limitPackets(client: object, maxBytes: number, onTooLong: () => void): void {
  const parser = (client as { _parser: PacketParser })._parser;
  const parseLength = parser._parseLength;
  parser._parseLength = () => {
    const known = parseLength.call(parser);
    if (!known || parser.packet.length <= maxBytes) return known;
    onTooLong();
    parser._emitError(new Error(`packet of ${parser.packet.length} bytes, at most ${maxBytes}`));
    return false;
  };
}
