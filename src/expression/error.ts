/** What is wrong with the text of an expression, and where in it. Not here: the file it stands in. */

import { GatewayError } from '../core/errors.ts';

export interface ExpressionProblem {
  /** What, with the value and the limit. */
  readonly message: string;
  /** Offsets in the text of the expression; `end` is beyond the last character and may equal `start` at the end. */
  readonly start: number;
  readonly end: number;
  readonly remedy?: string;
}

/** An expression that cannot be read at all; mistakes of meaning are collected as problems instead. */
export class ExpressionError extends GatewayError implements ExpressionProblem {
  readonly start: number;
  readonly end: number;
  declare readonly remedy: string;

  constructor(message: string, start: number, end: number, remedy: string) {
    super(message, { remedy });
    this.name = 'ExpressionError';
    this.start = start;
    this.end = end;
  }
}
