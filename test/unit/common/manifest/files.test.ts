/** The manifest on a real disk: published whole or not at all, read while it fills up. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasCode, ManifestBuilder, ManifestReader, PageMissing } from '../../../../common/index.ts';
import { FileManifestSink, FilePageSource } from '../../../../rpc/manifests/manifest-file.ts';
import { at, entry } from './support.ts';

let directory = '';
const pathOf = (name: string) => join(directory, name);

beforeEach(() => {
  directory = fs.mkdtempSync(join(tmpdir(), 'manifest-'));
});
afterEach(() => {
  fs.rmSync(directory, { recursive: true });
});

function write(sink: FileManifestSink, files: number): void {
  const builder = new ManifestBuilder({ sink, blockSizeBytes: 2 ** 22, onSkip: () => undefined });
  for (let i = 0; i < files; i += 1) builder.add(entry(`d/f${String(10000 + i)}`));
  builder.finish();
}

function codeOf(action: () => unknown): boolean {
  try {
    action();
  } catch (error) {
    return hasCode(error, 'CACHE_IO');
  }
  return false;
}

describe('FileManifestSink', () => {
  it('gives the file its name when it is whole', () => {
    const path = pathOf('v1');
    using sink = new FileManifestSink(path);
    write(sink, 10);
    expect(fs.readdirSync(directory)).toEqual(['v1.tmp']);
    const { fileBytes, sha256 } = sink.publish();
    expect(fs.readdirSync(directory)).toEqual(['v1']);
    const bytes = fs.readFileSync(path);
    expect(bytes).toHaveLength(fileBytes);
    expect(createHash('sha256').update(bytes).digest()).toEqual(sha256);
  });

  it('leaves nothing where it is aborted or just dropped', () => {
    const aborted = new FileManifestSink(pathOf('v1'));
    write(aborted, 1);
    aborted.abort();
    aborted.abort();
    {
      using dropped = new FileManifestSink(pathOf('v2'));
      write(dropped, 1);
    }
    expect(fs.readdirSync(directory)).toEqual([]);
    expect(codeOf(() => aborted.append(Buffer.alloc(1)))).toBe(true);
    expect(codeOf(() => aborted.publish())).toBe(true);
  });

  it('starts afresh over what a crash left', () => {
    fs.writeFileSync(pathOf('v1.tmp'), 'x'.repeat(100_000));
    using sink = new FileManifestSink(pathOf('v1'));
    write(sink, 3);
    sink.publish();
    using source = new FilePageSource(pathOf('v1'));
    expect(ManifestReader.open(source, { whole: true }).summary.files).toBe(3);
  });

  it('says which path it cannot write', () => {
    expect(codeOf(() => new FileManifestSink(join(directory, 'no', 'v1')))).toBe(true);
  });
});

describe('FilePageSource', () => {
  it('reads a sparse file as it fills up', () => {
    using sink = new FileManifestSink(pathOf('whole'));
    write(sink, 10_000);
    sink.publish();
    const whole = fs.readFileSync(pathOf('whole'));
    const path = pathOf('copy');
    const fd = fs.openSync(path, 'w');
    fs.ftruncateSync(fd, whole.length);
    using source = new FilePageSource(path);
    const fetched: number[] = [];
    const arriving = <T>(action: () => T): T => {
      for (;;) {
        try {
          return action();
        } catch (error) {
          if (!(error instanceof PageMissing)) throw error;
          const { offsetBytes, lengthBytes } = error;
          fs.writeSync(fd, whole, offsetBytes, lengthBytes, offsetBytes);
          fetched.push(offsetBytes);
        }
      }
    };
    const reader = arriving(() => ManifestReader.open(source));
    expect(arriving(() => at(reader, 'd/f15000'))).toBeGreaterThan(0);
    expect(fetched).toHaveLength(2 + 3);
    expect(reader.pages.length).toBeGreaterThan(4);
    expect(arriving(() => [...reader.files(0)])).toHaveLength(10_000);
    fs.closeSync(fd);
  });

  it('gives less where the file ends, and nothing once it is closed', () => {
    fs.writeFileSync(pathOf('f'), 'abc');
    const source = new FilePageSource(pathOf('f'), 100);
    expect(source.sizeBytes).toBe(100);
    expect(source.read(1, 10).toString()).toBe('bc');
    expect(() => ManifestReader.open(source)).toThrow(PageMissing);
    source.close();
    source.close();
    expect(codeOf(() => source.read(0, 1))).toBe(true);
    expect(codeOf(() => new FilePageSource(pathOf('nothing')))).toBe(true);
  });
});
