// Checks the sources with tsc, bundles them with esbuild and writes a folder of files that the node embeds:
//   index.html, app-HASH.js, app-HASH.css, theme-HASH.js, icon-HASH.svg, each also as .br and .gz.
// Started by Web.targets; only Node's own modules are used before `npm ci` has run.
//
// Two builds may run at once (Debug beside Release, a test run beside an editor) and share node_modules:
// a lock folder lets one of them install while the others wait.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, rmdirSync, writeFileSync, existsSync, unlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = dirname(fileURLToPath(import.meta.url));
const out = resolve(readOption('--out'));
const lock = join(root, '.build.lock');
// `npm ci` takes seconds with a warm cache; ten minutes is the patience for a cold one behind a slow line.
const lockPatienceMs = 600_000;

const [major] = process.versions.node.split('.').map(Number);
if (major < 20) {
  fail(`Node.js 20 or newer is needed to build the page; this is ${process.version}. Build with -p:SkipWeb=true to leave the page out.`);
}

await takeLock();
try {
  install();
  run('tsc', process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '--noEmit', '--pretty', 'false', '-p', root]);
  await bundle();
} finally {
  releaseLock();
}

function readOption(name) {
  const at = process.argv.indexOf(name);
  return at > 0 && process.argv[at + 1] ? process.argv[at + 1] : fail(`usage: node build.mjs ${name} FOLDER`);
}

function fail(message) {
  // This form is what MSBuild shows as an error of the build.
  console.error(`build.mjs : error WEB001: ${message}`);
  process.exit(1);
}

function run(name, command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', ...options });
  if (result.status !== 0) {
    process.stdout.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
    releaseLock();
    fail(`${name} failed (${result.error?.message ?? `exit code ${result.status}`}).`);
  }
}

async function takeLock() {
  const deadline = Date.now() + lockPatienceMs;
  for (;;) {
    try {
      mkdirSync(lock);
      writeFileSync(join(lock, 'pid'), String(process.pid));
      return;
    } catch (e) {
      if (e.code !== 'EEXIST') throw e;
    }

    if (ownerIsGone()) {
      releaseLock();
    } else if (Date.now() > deadline) {
      fail(`another build of the page holds ${lock}; remove it if none is running.`);
    } else {
      await new Promise(done => setTimeout(done, 100));
    }
  }
}

function ownerIsGone() {
  let pid;
  try {
    pid = Number(readFileSync(join(lock, 'pid'), 'utf8'));
  } catch {
    return false; // Between mkdir and the write, or just released: look again.
  }

  try {
    process.kill(pid, 0);
    return false;
  } catch (e) {
    return e.code === 'ESRCH';
  }
}

function releaseLock() {
  try {
    unlinkSync(join(lock, 'pid'));
    rmdirSync(lock);
  } catch (e) {
    if (e.code !== 'ENOENT') throw e;
  }
}

function install() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .update(process.platform + process.arch)
    .digest('hex');
  const stamp = join(root, 'node_modules/.monitorcluster-installed');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  // On Windows npm is a .cmd file, which only a shell can start.
  run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { shell: process.platform === 'win32' });
  writeFileSync(stamp, wanted);
}

async function bundle() {
  const esbuild = await import(pathToFileURL(join(root, 'node_modules/esbuild/lib/main.js')).href);
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: { app: 'src/main.tsx', theme: 'src/theme.ts' },
    bundle: true,
    minify: true,
    write: false,
    outdir: 'bundle',
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });

  const files = new Map();
  const names = {};
  const add = (name, bytes) => {
    const dot = name.lastIndexOf('.');
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
    names[name] = `${name.slice(0, dot)}-${hash}${name.slice(dot)}`;
    files.set(names[name], bytes);
  };

  for (const file of result.outputFiles) add(file.path.split(/[\\/]/).pop(), Buffer.from(file.contents));
  add('icon.svg', readFileSync(join(root, 'src/icon.svg')));
  const html = readFileSync(join(root, 'src/index.html'), 'utf8').replace(/\{\{(.+?)\}\}/g, (_, name) => `/assets/${names[name]}`);
  files.set('index.html', Buffer.from(html));

  const fresh = `${out}.${process.pid}.new`;
  mkdirSync(fresh, { recursive: true });
  for (const [name, bytes] of files) {
    writeFileSync(join(fresh, name), bytes);
    writeFileSync(join(fresh, `${name}.gz`), gzipSync(bytes, { level: 9 }));
    writeFileSync(join(fresh, `${name}.br`), brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  }

  rmSync(out, { recursive: true, force: true });
  renameSync(fresh, out);
  const total = readdirSync(out)
    .filter(name => name.endsWith('.gz'))
    .reduce((sum, name) => sum + readFileSync(join(out, name)).length, 0);
  console.log(`page: ${files.size} files, ${(total / 1000).toFixed(1)} kB gzip`);
}
