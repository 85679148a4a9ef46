/**
 * The gateway's settings, kept by lowdb in one small file.
 *
 * Invariant: `settings` is what is on disk; an update that could not be written has no effect. Updates that come while
 * one is being written go out together with the next write.
 * Not here: what is in them, and the file's format.
 */

import { Low } from 'lowdb';
import { createSettingsFile, type SettingsFileOptions } from './file.ts';
import { noSettings, type Settings } from './settings.ts';

export interface SettingsStore {
  /** As they are on disk. */
  settings(): Settings;
  /**
   * Makes an edit; resolves when it is on disk. Throws what `edit` throws, and `GatewayError` when it cannot be written.
   * An edit that gives back what it was given costs nothing.
   */
  update(edit: (settings: Settings) => Settings): Promise<void>;
  /** Calls back after each change; gives how to stop that. */
  onChange(listener: () => void): () => void;
  /** Resolves when nothing is being written any more. */
  close(): Promise<void>;
}

interface Edit {
  readonly apply: (settings: Settings) => Settings;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Throws `GatewayError` when the file cannot be read; a damaged one is no reason. */
export async function openSettings(options: SettingsFileOptions): Promise<SettingsStore> {
  const low = new Low<Settings>(createSettingsFile(options), noSettings);
  await low.read();
  let settings = low.data;
  let waiting: Edit[] = [];
  let writing: Promise<void> | undefined;
  const listeners = new Set<() => void>();

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const edits = waiting;
      waiting = [];
      await write(edits);
    }
    writing = undefined;
  }

  /** One write for all of them. */
  async function write(edits: readonly Edit[]): Promise<void> {
    const { edited, taken } = applyAll(edits, settings);
    try {
      if (edited !== settings) {
        low.data = edited;
        await low.write();
        settings = edited;
        for (const listener of [...listeners]) listener();
      }
      for (const { resolve } of taken) resolve();
    } catch (error) {
      low.data = settings;
      for (const { reject } of taken) reject(error);
    }
  }

  return {
    settings: () => settings,
    update(apply) {
      return new Promise((resolve, reject) => {
        waiting.push({ apply, resolve, reject });
        writing ??= Promise.resolve().then(writeAll);
      });
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => writing ?? Promise.resolve(),
  };
}

/** One that throws is left out, and told. */
function applyAll(edits: readonly Edit[], settings: Settings) {
  const taken: Edit[] = [];
  let edited = settings;
  for (const edit of edits) {
    try {
      edited = edit.apply(edited);
      taken.push(edit);
    } catch (error) {
      edit.reject(error);
    }
  }
  return { edited, taken };
}
