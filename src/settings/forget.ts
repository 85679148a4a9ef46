/** Acknowledgements go with the alerts they are about. One that could not be forgotten is at the next start. */

import { messageOf } from '../core/errors.ts';
import type { Logger } from '../core/log.ts';
import type { Alert } from '../core/types.ts';
import { withoutEnded } from './acknowledgements.ts';
import type { SettingsStore } from './store.ts';

export interface Forgetting {
  /** Those of alerts that ended, among these. */
  ended(alerts: readonly Alert[]): void;
  /** Those of all episodes but the ones that fire. */
  allBut(firing: ReadonlySet<string>): void;
}

export function forgetAcknowledged(store: SettingsStore, logger: Logger): Forgetting {
  function forget(hasEnded: (episode: string) => boolean): void {
    if (!store.settings().acknowledged.some(({ episode }) => hasEnded(episode))) return;
    store
      .update((settings) => withoutEnded(settings, hasEnded))
      .catch((error: unknown) => {
        logger.warn({ error: messageOf(error) }, 'cannot forget acknowledgements of alerts that are over');
      });
  }

  return {
    ended(alerts) {
      if (store.settings().acknowledged.length === 0) return;
      const over = new Set(alerts.filter(({ state }) => state === 'ok').map(({ episode }) => episode));
      if (over.size > 0) forget((episode) => over.has(episode));
    },
    allBut: (firing) => forget((episode) => !firing.has(episode)),
  };
}
