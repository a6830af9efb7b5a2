import { createReadStream } from 'node:fs';
import { ok, type Result, refused } from '../result.ts';
import { printable } from './terminal.ts';

/** A file, or standard input for `-`. What is not UTF-8 becomes U+FFFD: the caller judges where that stands. */
export async function readTextBounded(file: string, bytesMax: number): Promise<Result<string, string>> {
  const name = file === '-' ? 'standard input' : printable(file);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of file === '-' ? process.stdin : createReadStream(file)) {
      bytes += chunk.length;
      if (bytes > bytesMax) return refused(`${name} is larger than ${bytesMax} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    return refused(`${name} cannot be read: ${printable(error instanceof Error ? error.message : String(error))}`);
  }
  return ok(Buffer.concat(chunks).toString('utf8'));
}
