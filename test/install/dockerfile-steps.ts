/** The instructions of a Dockerfile: keyword, and what follows, with continued lines joined. */

export interface Step {
  readonly keyword: string;
  readonly rest: string;
}

export function parseDockerfile(text: string): Step[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  return lines
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [keyword = ''] = line.split(' ', 1);
      return { keyword, rest: line.slice(keyword.length + 1).trim() };
    });
}

/** The words of an instruction in its JSON form, such as CMD; throws when it is in the other. */
export function words(rest: string | undefined): string[] {
  return JSON.parse(rest ?? '[]') as string[];
}
