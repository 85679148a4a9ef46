import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alert } from '../../core/types.ts';
import { createEpisodeBook } from './episodes.ts';

function change(episode: string, state: Alert['state'], atMs: number, firedAtMs: number): Alert {
  return {
    ...{ id: `${episode}-${atMs}`, episode, rule: 'heat', key: {}, state, severity: 'warning' },
    ...{ firedAtMs, atMs, message: '', notify: [], values: {} },
  };
}

test('an episode lasts from firing to ok; changes of its severity are no new one', () => {
  const book = createEpisodeBook();
  book.add([change('a', 'firing', 1000, 1000), change('a', 'firing', 2000, 1000)]);
  book.add([
    change('a', 'ok', 5000, 1000),
    change('b', 'firing', 6000, 6000),
    change('b', 'ok', 16_000, 6000),
  ]);
  assert.deepEqual(book.close(20_000).get('heat'), {
    ...{ episodes: 2, totalMs: 14_000, longestMs: 10_000, stillFiring: 0 },
  });
});

test('what still fires lasts until the end of the recording', () => {
  const book = createEpisodeBook();
  book.add([change('a', 'firing', 1000, 1000)]);
  assert.deepEqual(book.close(4000).get('heat'), {
    ...{ episodes: 1, totalMs: 3000, longestMs: 3000, stillFiring: 1 },
  });
});
