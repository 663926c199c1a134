/** The repository as the documentation tests see it: tracked files, and Markdown cut into pieces. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** Paths from the root of what is, or is about to be, under version control. */
export function trackedFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const output = execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' });
  return output.split('\0').filter((path) => path !== '' && exists(path));
}

export function exists(path: string): boolean {
  return existsSync(join(ROOT, path));
}

export function readText(path: string): string {
  if (!exists(path)) throw new Error(`${path} is missing`);
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The pages for users: everything in Markdown. */
export function markdownFiles(): string[] {
  return trackedFiles().filter((path) => path.endsWith('.md'));
}

export interface Snippet {
  readonly file: string;
  readonly lineNumber: number;
  readonly text: string;
}

/** Lines of fenced shell blocks (continued lines joined, prompts taken off) and inline code. */
export function shellSnippets(file: string): Snippet[] {
  const snippets: Snippet[] = [];
  let fence: string | undefined;
  let continued: Snippet | undefined;
  for (const [index, line] of readText(file).split('\n').entries()) {
    const opening = /^\s*```(\w*)/.exec(line);
    if (opening !== null) {
      fence = fence === undefined ? opening[1] : undefined;
    } else if (fence === undefined) {
      for (const [, text = ''] of line.matchAll(/`([^`]+)`/g)) {
        snippets.push({ file, lineNumber: index + 1, text });
      }
    } else if (['', 'sh', 'bash', 'shell', 'console'].includes(fence)) {
      const text = `${continued?.text ?? ''}${line.trim().replace(/^[$#] /, '')}`;
      const lineNumber = continued?.lineNumber ?? index + 1;
      continued = text.endsWith('\\') ? { file, lineNumber, text: text.slice(0, -1) } : undefined;
      if (continued === undefined) snippets.push({ file, lineNumber, text });
    }
  }
  return snippets;
}

export function at({ file, lineNumber, text }: Snippet): string {
  return `${file}:${lineNumber}: ${text}`;
}
