/**
 * A device's rows as one rule sees them: with room for the rule's own columns, and the rule's key of each row.
 *
 * Invariant: what is remembered here (the key of a series) follows from the plan and the series table alone; it is
 * no state.
 */

import { type Column, capacityFor, type Rows } from '../expression/rows.ts';
import type { RuleInput } from '../rules/plan.ts';
import type { NamedSlot } from './verdict.ts';

export interface RunningInput {
  readonly plan: RuleInput;
  /** Columns of a reading's point: the device's fields and the rule's lets. */
  slots(): readonly NamedSlot[];
  /** Of the rows last viewed. */
  keys(): Int32Array;
  /** The device's rows with the rule's lets behind the fields, but those with memory; valid until the next call. */
  view(device: Rows): Rows;
  /** The rule's key of a series; `idOf` numbers a key not met before, negative when there is no room. */
  keyOf(series: number, rows: Rows, idOf: (values: readonly string[]) => number): number;
  /** By aggregate, the columns of its arguments. */
  argumentColumns(rows: Rows): Column[][];
}

const unknownKey = -2;

export function createInput(input: RuleInput): RunningInput {
  const { fields } = input.device;
  let keyOfSeries = new Int32Array(0);
  let keys = new Int32Array(0);
  let view: Rows | undefined;
  /** Of rules with windows nobody asks. */
  let slots: NamedSlot[] | undefined;
  const plain = input.memory?.plainLets ?? [...input.lets.keys()];

  function learn(series: number, rows: Rows, idOf: (values: readonly string[]) => number): number {
    if (series >= keyOfSeries.length) {
      const larger = new Int32Array(Math.max(4, series + 1, keyOfSeries.length * 2)).fill(unknownKey);
      larger.set(keyOfSeries);
      keyOfSeries = larger;
    }
    keyOfSeries[series] = idOf(input.keyTags.map((tag) => rows.table.tags[tag]![series]!));
    return keyOfSeries[series]!;
  }

  return {
    plan: input,
    slots() {
      slots ??= slotsOf(input);
      return slots;
    },
    keys: () => keys,
    view(device) {
      if (view?.table !== device.table) view = { ...device, columns: [...device.columns] };
      view.n = device.n;
      if (keys.length < device.n) keys = new Int32Array(capacityFor(device.n));
      for (let i = 0; i < plain.length; i++) {
        const place = plain[i]!;
        view.columns[fields.length + place] = input.lets[place]!.compiled.kernel(view);
      }
      return view;
    },
    keyOf(series, rows, idOf) {
      const key = series < keyOfSeries.length ? keyOfSeries[series]! : unknownKey;
      return key === unknownKey ? learn(series, rows, idOf) : key;
    },
    argumentColumns: (rows) => input.arguments.map((all) => all.map(({ kernel }) => kernel(rows))),
  };
}

function slotsOf({ device: { fields }, lets }: RuleInput): NamedSlot[] {
  return [
    ...fields.map(({ name, type }, slot) => ({ name, slot, type })),
    ...lets.map(({ name, compiled: { type } }, i) => ({ name, slot: fields.length + i, type })),
  ];
}
