/**
 * Half-open QoS 2 handshakes as notes in the journal: one with the frame of the message, one when its sender let go of it.
 *
 * A note lies between the frames of a block, under a route that no source has, so it is on disk together with its frame.
 * What notes come to is part of the checkpoint; at start the notes behind it are read again. A note that is read twice
 * changes nothing: the last one of an id has the last word, and the checkpoint may know it already.
 * Invariant: an id is known as long as a sender may send the message again, and not longer than until its end is durable.
 * Not here: when a handshake begins and ends (sources/).
 */

import type { Handshake } from '../core/types.ts';

/** What lies in a block beside frames. */
export interface Note {
  readonly payload: Buffer;
  /** It is on disk, or was refused. */
  settled(error: Error | undefined): void;
}

/** Of the durable ones: source, client, id. */
export type SavedHandshakes = readonly (readonly [source: string, client: string, messageId: number])[];

interface Entry extends Handshake {
  readonly source: string;
  isDurable: boolean;
}

export interface HandshakeTable {
  begin(source: string, handshake: Handshake): Note;
  /** Undefined for one that is not open. `done` is called when the note is settled. */
  end(source: string, handshake: Handshake, done: (error?: Error) => void): Note | undefined;
  of(source: string): readonly Handshake[];
  save(): SavedHandshakes;
  restore(saved: SavedHandshakes): void;
  /** A note of an earlier run. */
  read(payload: Buffer): void;
}

const begun = 1;
const ended = 0;

export function createHandshakeTable(): HandshakeTable {
  const entries = new Map<string, Entry>();

  function keep(entry: Entry): Entry {
    entries.set(nameOf(entry.source, entry), entry);
    return entry;
  }

  function drop(entry: Entry): void {
    const name = nameOf(entry.source, entry);
    // Its id may have begun anew meanwhile.
    if (entries.get(name) === entry) entries.delete(name);
  }

  return {
    begin(source, handshake) {
      const entry = keep({ source, ...handshake, isDurable: false });
      return {
        payload: encode(begun, entry),
        settled(error) {
          if (error === undefined) entry.isDurable = true;
          else drop(entry);
        },
      };
    },
    end(source, handshake, done) {
      const entry = entries.get(nameOf(source, handshake));
      if (entry === undefined) return undefined;
      return {
        payload: encode(ended, entry),
        settled(error) {
          if (error === undefined) drop(entry);
          done(error);
        },
      };
    },
    of: (source) => [...entries.values()].filter((entry) => entry.source === source && entry.isDurable),
    save: () =>
      [...entries.values()]
        .filter(({ isDurable }) => isDurable)
        .map(({ source, client, messageId }) => [source, client, messageId]),
    restore(saved) {
      for (const [source, client, messageId] of saved) keep({ source, client, messageId, isDurable: true });
    },
    read(payload) {
      const [kind, source, client, messageId] = JSON.parse(payload.toString()) as Encoded;
      if (kind === begun) keep({ source, client, messageId, isDurable: true });
      else entries.delete(nameOf(source, { client, messageId }));
    },
  };
}

/** Names of sources hold no line break. */
function nameOf(source: string, { client, messageId }: Handshake): string {
  return `${messageId} ${source}\n${client}`;
}

type Encoded = [kind: number, source: string, client: string, messageId: number];

function encode(kind: number, { source, client, messageId }: Entry): Buffer {
  const note: Encoded = [kind, source, client, messageId];
  return Buffer.from(JSON.stringify(note));
}
