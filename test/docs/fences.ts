/** Fenced blocks of a page of documentation: their language, the word after it, their text and their line. */

export interface Fence {
  readonly language: string;
  readonly label: string;
  readonly text: string;
  readonly line: number;
}

export function fencesOf(page: string): Fence[] {
  return [...page.matchAll(/^```(\w+)[ ]?(.*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    language: match[1]!,
    label: match[2]!.trim(),
    text: match[3]!,
    line: page.slice(0, match.index).split('\n').length,
  }));
}
