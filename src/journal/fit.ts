/**
 * Whether a stored position is one of this journal, and what of the journal is missing around it.
 *
 * Files are removed by repairs of a file system, and put back from backups of different days.
 */

import type { Logger } from '../core/log.ts';
import type { Journal, Position } from './journal.ts';

/** Of the block in which, or behind which, the position lies. */
function blockBefore({ sequence, frame }: Position): number {
  return frame > 0 ? sequence : sequence - 1;
}

/** Whether the journal holds another block where the position's was; false also when it cannot be told. */
export async function isForeign(journal: Journal, position: Position): Promise<boolean> {
  const sequence = blockBefore(position);
  if (position.blockMs === undefined || sequence < journal.first || sequence >= journal.end.sequence) {
    return false;
  }
  const firstMs = await journal.firstArrivalMs(sequence);
  return firstMs !== undefined && firstMs !== position.blockMs;
}

/** Counts as lost, and says, what the journal lacks: before the position's block, or from it to the oldest block kept. */
export function countMissing(journal: Journal, position: Position, logger: Logger): void {
  const known = blockBefore(position) + 1;
  const { first, end } = journal;
  if (known > end.sequence) {
    const blocks = known - end.sequence;
    journal.miss(end.sequence, known);
    logger.error(
      { blocks },
      'the journal ends before the checkpoint: what arrived after it, if anything, is lost',
    );
  } else if (position.sequence < first) {
    const blocks = first - position.sequence;
    journal.miss(position.sequence, first);
    logger.error({ blocks }, 'the journal begins after the checkpoint: what arrived in between is lost');
  }
}
