#!/usr/bin/env node
// The bin. Plain JavaScript, so that an old Node can read it and say that it is too old.
import { fileURLToPath } from 'node:url';
import { launch } from '../../ops/scripts/launch.mjs';
import { isClone } from '../../ops/scripts/runtime.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Node strips no types under node_modules: a published package holds the compiled sources.
const entry = isClone(root) ? 'src/cli/main.ts' : 'dist/src/cli/main.js';
await launch({ root, entry, args: process.argv.slice(2), dev: false });
