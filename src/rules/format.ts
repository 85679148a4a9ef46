/**
 * How a number shows in a message: `[,][.N][f|%|d|e|g]`, a part of Python's format language.
 *
 * Invariant: null shows as `–`, an infinite value as `∞`; never an exponent or binary noise that nobody asked for.
 */

import { GatewayError } from '../core/errors.ts';

export type NumberFormat = (value: number) => string;

/** What stands for a missing value. */
export const missing = '–';

const maxDigits = 20;
const letters =
  'f decimals: .2f, % of one: .0%, d whole number, e exponent: .2e, g digits in all: .3g, and , for thousands';

/** Understands a format spec; an empty one is the default. Throws `GatewayError` with a remedy. */
export function parseFormat(spec: string): NumberFormat {
  if (spec === '') return finite(plain);
  const parts = /^(,?)(?:\.(\d{1,3}))?([f%deg]?)$/.exec(spec);
  if (!parts) throw new GatewayError(`unknown format \`${spec}\``, { remedy: letters });
  const [, comma, digitsText, letter] = parts;
  const digits = digitsText === undefined ? undefined : Number(digitsText);
  if (digits !== undefined && digits > maxDigits) {
    throw new GatewayError(`format \`${spec}\` asks for ${digits} digits; at most ${maxDigits} are shown`, {
      remedy: 'write fewer, such as .2f',
    });
  }
  if (digits !== undefined && letter === '') {
    throw new GatewayError(`format \`${spec}\` lacks its letter`, {
      remedy: `write ${spec}f for ${digits} decimals, ${spec}g for ${digits} digits in all`,
    });
  }
  if (digits !== undefined && letter === 'd') {
    throw new GatewayError(`format \`${spec}\`: a whole number has no decimals`, {
      remedy: `write d, or .${digits}f`,
    });
  }
  const show = makers[letter as keyof typeof makers](digits);
  return finite(comma ? (value) => withThousands(show(value)) : show);
}

const makers = {
  '': () => plain,
  f: (digits = 6) => fixed(digits),
  '%': (digits = 6) => percent(digits),
  d: () => fixed(0),
  e:
    (digits = 6) =>
    (value: number) =>
      value.toExponential(digits),
  g:
    (digits = 6) =>
    (value: number) =>
      String(Number(value.toPrecision(Math.max(1, digits)))),
} satisfies Record<string, (digits?: number) => NumberFormat>;

function fixed(digits: number): NumberFormat {
  return (value) => withoutMinusZero(value.toFixed(digits));
}

function percent(digits: number): NumberFormat {
  return (value) => {
    // 1.005 × 100 is 100.49999…: the product is cleaned before it is rounded for good.
    const hundredfold = Number((value * 100).toPrecision(15));
    return `${withoutMinusZero(hundredfold.toFixed(digits))}%`;
  };
}

/** Whole numbers in full, others with at most 6 decimals; below one, with at most 6 digits that count. */
function plain(value: number): string {
  if (Number.isInteger(value)) return withoutMinusZero(String(value));
  const size = Math.abs(value);
  return String(size >= 1 ? Number(value.toFixed(6)) : Number(value.toPrecision(6)));
}

function finite(show: NumberFormat): NumberFormat {
  return (value) => {
    if (Number.isNaN(value)) return missing;
    if (Number.isFinite(value)) return show(value);
    return value > 0 ? '∞' : '-∞';
  };
}

function withoutMinusZero(text: string): string {
  return /^-[0.]*$/.test(text) ? text.slice(1) : text;
}

function withThousands(text: string): string {
  return text.replace(
    /^(-?)(\d+)/,
    (_, sign: string, whole: string) => sign + whole.replace(/\B(?=(\d{3})+$)/g, ','),
  );
}
