// What the tests with real clients share: a provider as a process of its own,
// and a person whose browser is nothing but fetch and a jar of cookies.

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const PASSWORD = 'open-the-red-gate-1';

/** The binary under test; `scripts/test` builds it and says where it is. */
function binary() {
  const file = process.env.MENSHEN;
  if (!file) throw new Error('MENSHEN names the binary to test; scripts/test builds it and sets it');
  return path.resolve(file);
}

/** Ports that were free a moment ago, `count` in a row. */
export async function freePorts(count = 1) {
  for (;;) {
    const first = await freePort(0);
    const rest = Array.from({ length: count - 1 }, (_, number) => first + number + 1);
    if ((await Promise.all(rest.map((port) => freePort(port)))).every(Boolean)) return first;
  }
}

function freePort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen(port, '127.0.0.1', () => {
      const found = server.address().port;
      server.close(() => resolve(found));
    });
  });
}

/** A process of ours, ended by `stop`, which fails when it did not end well. */
export class Process {
  constructor(command, args, options = {}) {
    this.said = '';
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (text) => (this.said += text));
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(String(error)));
      this.child.once('exit', (code, signal) => resolve(signal ?? code));
    });
  }

  /** Until `url` answers 200. */
  async answers(url) {
    const ended = this.ended.then((how) => {
      throw new Error(`ended (${how}) before it answered: ${this.said}`);
    });
    ended.catch(() => {});
    const until = Date.now() + 60_000;
    while (Date.now() < until) {
      const answer = await Promise.race([fetch(url).catch(() => null), ended]);
      await answer?.arrayBuffer();
      if (answer?.status === 200) return;
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 50)), ended]);
    }
    throw new Error(`${url} does not answer: ${this.said}`);
  }

  async stop() {
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), 30_000);
    const how = await this.ended;
    clearTimeout(late);
    return how;
  }
}

/** Environment of a server: ours, without anything that would configure it otherwise. */
function surroundings(settings) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MENSHEN'));
  return { ...Object.fromEntries(inherited), ...settings };
}

/** `menshen serve` with `declared` applied (an object of the `apply` file); `apply` declares more. */
export async function serve(declared, settings = {}) {
  const directory = await mkdtemp(path.join(tmpdir(), 'menshen-client-'));
  const port = await freePorts(1);
  const issuer = `http://localhost:${port}`;
  const env = surroundings({
    MENSHEN__SERVER__LISTEN: `127.0.0.1:${port}`,
    MENSHEN__SERVER__ISSUER: issuer,
    MENSHEN__METRICS__ENABLED: 'false',
    MENSHEN__DATABASE__URL: `sqlite:${path.join(directory, 'menshen.db')}`,
    MENSHEN__KEYS__KEK_FILE: path.join(directory, 'menshen.key'),
    ...settings,
  });
  const apply = async (declaration) => {
    const file = path.join(directory, 'apply.json');
    await writeFile(file, JSON.stringify(declaration));
    const applied = new Process(binary(), ['apply', file], { cwd: directory, env });
    if ((await applied.ended) !== 0) throw new Error(`apply: ${applied.said}`);
  };
  await apply(declared);
  const server = new Process(binary(), ['serve'], { cwd: directory, env });
  const stop = async () => {
    const how = await server.stop();
    await rm(directory, { recursive: true });
    if (how !== 0) throw new Error(`serve ended with ${how}: ${server.said}`);
  };
  await server.answers(`${issuer}/readyz`);
  return { issuer, apply, stop };
}

/** `menshen demo` on ports of its own. */
export async function demo(settings = {}) {
  const base = await freePorts(5);
  const server = new Process(binary(), ['demo', '--port-base', String(base)], { env: surroundings(settings) });
  const at = (number) => `http://localhost:${base + number}`;
  await server.answers(`${at(0)}/readyz`);
  await server.answers(`${at(2)}/`);
  const stop = async () => {
    const how = await server.stop();
    if (how !== 0) throw new Error(`demo ended with ${how}: ${server.said}`);
  };
  return { issuer: at(0), simulator: at(1), console: at(2), api: at(3), stop };
}

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#34': '"', '#38': '&', '#39': "'", '#60': '<', '#62': '>' };
const decoded = (text) => text.replace(/&(#?\w+);/g, (whole, name) => ENTITIES[name] ?? whole);
const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\b${name}="([^"]*)"`));
  return found && decoded(found[1]);
};

/** A person with a browser that knows no script. */
export class Person {
  #cookies = new Map();

  /** One request, no redirect followed. */
  async request(url, options = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...(cookie && { cookie }), ...options.headers };
    const answer = await fetch(url, { ...options, headers, redirect: 'manual' });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
      if (value === '' || /max-age=0/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return answer;
  }

  /** Follows redirects until a page, or until the address is one of the client's. */
  async open(url, options = {}) {
    let [to, how] = [new URL(url), options];
    const home = to.origin;
    for (let steps = 0; steps < 12; steps += 1) {
      if (to.origin !== home) return { url: to, left: true };
      const answer = await this.request(to, how);
      const text = await answer.text();
      if (answer.status < 300 || answer.status > 399) return { url: to, status: answer.status, text };
      to = new URL(answer.headers.get('location'), to);
      how = {};
    }
    throw new Error(`redirects without end, last to ${to.origin}${to.pathname}`);
  }

  /** Submits the form of a page that has the control `id`, by its button `id`. */
  async submit(page, id, typed = {}) {
    const form = [...page.text.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].find(([form]) => form.includes(`id="${id}"`));
    if (!form) throw new Error(`no #${id} on ${page.url.pathname} (${page.status}): ${page.text}`);
    const fields = new URLSearchParams();
    for (const [tag] of form[2].matchAll(/<input\b[^>]*>/gs)) {
      const name = attribute(tag, 'name');
      const kind = attribute(tag, 'type');
      if (!name || ((kind === 'checkbox' || kind === 'radio') && !/\schecked\b/.test(tag))) continue;
      fields.append(name, attribute(tag, 'value') ?? '');
    }
    const [button] = form[2].match(new RegExp(`<(?:button|input)\\b[^>]*\\bid="${id}"[^>]*>`)) ?? [''];
    if (attribute(button, 'name')) fields.set(attribute(button, 'name'), attribute(button, 'value') ?? '');
    for (const [name, value] of Object.entries(typed)) fields.set(name, value);
    const action = new URL(attribute(form[1], 'action') ?? page.url, page.url);
    return this.open(action, { method: 'POST', body: fields, headers: { origin: page.url.origin } });
  }

  /** Signs in with account and password from wherever `url` leads; gives where that ends. */
  async signIn(url, username, password = PASSWORD) {
    const page = await this.open(url);
    return this.submit(page, 'login-submit', { username, password, agree: '1' });
  }
}
