/** The commands in the documentation are commands of the program and scripts of package.json. */
import { expect, it, vi } from 'vitest';
import { renderCommandLinePage } from './cli-page.ts';
import { CommandLine } from './command-help.ts';
import { at, markdownFiles, readText, shellSnippets } from './repository.ts';
import type { Snippet } from './repository.ts';

/** Each command is a process, and is asked once for all tests: 40 s in all on a busy machine. */
vi.setConfig({ testTimeout: 180_000 });
const commandLine = new CommandLine();
const snippets = markdownFiles()
  .filter((file) => file !== 'CHANGELOG.md')
  .flatMap(shellSnippets);

it('npm scripts in the documentation are in package.json', () => {
  const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
  const unknown = snippets.filter(({ text }) => {
    const [, name] = /(?:^|\s)npm run ([\w:-]+)/.exec(text) ?? [];
    return name !== undefined && scripts[name] === undefined;
  });
  expect(unknown.map(at), 'no such script in package.json').toEqual([]);
});

it('larder commands and options in the documentation are those of the program', async () => {
  const problems: string[] = [];
  for (const snippet of snippets) {
    const words = larderWords(snippet);
    const problem = words && (await commandLine.problemWith(words));
    if (problem !== undefined) problems.push(`${at(snippet)}\n  ${problem}`);
  }
  expect(problems, 'compare with `larder COMMAND --help`').toEqual([]);
});

it('docs/CLI.md is what the program says about itself now', async () => {
  expect(readText('docs/CLI.md'), 'run `npm run docs:generate`').toBe(
    await renderCommandLinePage(commandLine),
  );
});

it('every command of the program is in docs/CLI.md', async () => {
  const { subcommands } = await commandLine.help([]);
  expect(subcommands, 'larder --help lists no commands').not.toEqual([]);
  const page = readText('docs/CLI.md');
  const missing = subcommands.filter((name) => !page.includes(`## larder ${name}\n`));
  expect(missing, 'run `npm run docs:generate`').toEqual([]);
});

/** What follows `larder` in a command, or undefined where the snippet is none. */
function larderWords({ text }: Snippet): string[] | undefined {
  const [, rest] = /^(?:sudo )?(?:npx )?larder(?: (.*))?$/.exec(text.trim()) ?? [];
  const command = rest?.split(/\s(?:#|\||&&|>|;)/)[0];
  return command?.split(/\s+/).filter((word) => word !== '');
}
