import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallbackOutcome } from '../../src/dispatch/callback.ts';
import { callback, outcomeOf, senderFor, until } from './sending.ts';
import { httpTarget, rawTarget } from './targets.ts';

const SHORT = { connectMs: 5_000, headersMs: 60, totalMs: 5_000 };

function assertError(outcome: CallbackOutcome, error: string, sent: boolean): void {
  assert.equal(outcome.kind, 'error', JSON.stringify(outcome));
  assert.ok(outcome.kind === 'error');
  assert.equal(outcome.error, error, outcome.detail);
  assert.equal(outcome.sent, sent);
  assert.ok(outcome.endedAtMs >= outcome.startedAtMs);
  assert.notEqual(outcome.detail, '');
}

test('connection refused', async (t) => {
  const sender = senderFor(t);
  const gone = await rawTarget(t, () => {});
  // A port that was just closed: nobody listens.
  const outcome = await outcomeOf(sender, callback(`http://127.0.0.1:${gone.port === 1 ? 2 : 1}/`));
  assertError(outcome, 'connect_refused', false);
});

test('a name without address', async (t) => {
  const failing = senderFor(t, { lookup: (_name, _options, found) => found(new Error('getaddrinfo ENOTFOUND'), []) });
  assertError(await outcomeOf(failing, callback('http://nowhere.example/')), 'dns_failed', false);
  const empty = senderFor(t, { lookup: (_name, _options, found) => found(null, []) });
  assertError(await outcomeOf(empty, callback('http://nowhere.example/')), 'dns_failed', false);
});

test('never answers: the headers deadline ends it and frees the place', async (t) => {
  const target = await rawTarget(t, () => {});
  const sender = senderFor(t);
  assertError(await outcomeOf(sender, callback(target.url, { timeouts: SHORT })), 'headers_timeout', true);
  assert.deepEqual(sender.counts, { sending: 0, waiting: 0, targets: 0, connections: 0, idleConnections: 0 });
});

test('a stall of our own loop is not the target being late', async (t) => {
  const target = await httpTarget(t);
  const sender = senderFor(t);
  await outcomeOf(sender, callback(target.url));
  // The sink is in this process: it answers, then the loop stands still past the deadline with the answer in the socket.
  const slow = await httpTarget(t, (_request, response) => {
    response.end();
    const untilMs = performance.now() + 150;
    setImmediate(() => {
      while (performance.now() < untilMs);
    });
  });
  const outcome = await outcomeOf(
    sender,
    callback(slow.url, { timeouts: { connectMs: 5_000, headersMs: 100, totalMs: 5_000 } }),
  );
  assert.equal(outcome.kind, 'response', JSON.stringify(outcome));
});

test('a flood of 1xx does not put the deadline off', async (t) => {
  const target = await rawTarget(t, (socket) => {
    const flood = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'), 5);
    socket.on('close', () => clearInterval(flood));
  });
  assertError(await outcomeOf(senderFor(t), callback(target.url, { timeouts: SHORT })), 'headers_timeout', true);
});

test('drips a byte at a time: the total deadline ends it', async (t) => {
  for (const head of [
    'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n',
    'HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.1 200 OK\r\nx-slow: ',
  ]) {
    let closed = false;
    const target = await rawTarget(t, (socket) => {
      socket.write(head);
      const drip = setInterval(() => socket.write('x'), 5);
      socket.on('close', () => {
        clearInterval(drip);
        closed = true;
      });
    });
    const sender = senderFor(t);
    const outcome = await outcomeOf(
      sender,
      callback(target.url, { timeouts: { connectMs: 200, headersMs: 5_000, totalMs: 250 } }),
    );
    assertError(outcome, 'total_timeout', true);
    assert.equal(sender.inFlight, 0);
    await until('the connection is dropped', () => closed);
  }
});

test('closes or resets before, in and after the head', async (t) => {
  const heads = [
    '',
    'HTTP/1.1 20',
    'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc',
    'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab',
  ];
  for (const head of heads) {
    for (const end of ['destroy', 'resetAndDestroy'] as const) {
      const target = await rawTarget(t, (socket) => {
        socket.on('data', () => socket.write(head, () => socket[end]()));
      });
      const outcome = await outcomeOf(senderFor(t), callback(target.url));
      assert.equal(outcome.kind, 'error');
      assert.ok(outcome.kind === 'error' && outcome.sent, `${head} ${end}`);
      assert.ok(
        ['connection_closed', 'response_invalid'].includes(outcome.error),
        `${outcome.error}: ${outcome.detail}`,
      );
      assert.equal(target.connections(), 1, 'no second request by itself');
    }
  }
});

test('a short body closed in order is not a whole one, with and without keep-alive', async (t) => {
  for (const connection of ['keep-alive', 'close']) {
    const target = await rawTarget(t, (socket) => {
      socket.on('data', () =>
        socket.end(`HTTP/1.1 200 OK\r\nconnection: ${connection}\r\ncontent-length: 10\r\n\r\nabc`),
      );
    });
    assertError(await outcomeOf(senderFor(t), callback(target.url)), 'connection_closed', true);
  }
});

test('not HTTP', async (t) => {
  const answers = [
    'SSH-2.0-OpenSSH_9.2\r\n',
    'HTTP/1.1 abc OK\r\n\r\n',
    `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`,
  ];
  answers.push('HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n');
  for (const answer of answers) {
    const target = await rawTarget(t, (socket) => {
      socket.on('data', () => socket.write(answer));
    });
    assertError(await outcomeOf(senderFor(t), callback(target.url)), 'response_invalid', true);
  }
});

test('a response framed twice (RFC 9112 §6.3) is refused', async (t) => {
  for (const twice of ['content-length: 6', 'transfer-encoding: chunked']) {
    const target = await rawTarget(t, (socket) => {
      socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 5\r\n${twice}\r\n\r\n0\r\n\r\n`));
    });
    // undici words it as a body that does not match its length.
    assertError(await outcomeOf(senderFor(t), callback(target.url)), 'connection_closed', true);
  }
});

test('a huge body is read up to the bound, and the answer still counts', async (t) => {
  for (const status of [200, 500]) {
    let written = 0;
    const target = await httpTarget(t, (_request, response) => {
      response.writeHead(status);
      const more = (): void => {
        while (!response.destroyed && response.write('z'.repeat(16_384))) written += 16_384;
      };
      response.on('drain', more);
      more();
    });
    const sender = senderFor(t);
    const outcome = await outcomeOf(sender, callback(target.url));
    assert.ok(outcome.kind === 'response', JSON.stringify(outcome));
    assert.equal(outcome.status, status);
    assert.equal(outcome.excerpt, status === 200 ? null : 'z'.repeat(1_024));
    assert.equal(sender.counts.connections, 0);
    assert.ok(written < 64 * 1_048_576);
  }
});

test('answers without a body', async (t) => {
  for (const status of [200, 204, 304, 404, 500]) {
    const target = await httpTarget(t, (_request, response) => response.writeHead(status).end());
    const outcome = await outcomeOf(senderFor(t), callback(target.url));
    assert.ok(outcome.kind === 'response');
    assert.equal(outcome.status, status);
    assert.equal(outcome.excerpt, null);
  }
});

test('a 1xx before the answer is not the answer; Retry-After only of a failure', async (t) => {
  const target = await rawTarget(t, (socket) => {
    socket.on('data', () =>
      socket.write('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nretry-after: 5\r\ncontent-length: 2\r\n\r\nok'),
    );
  });
  const outcome = await outcomeOf(senderFor(t), callback(target.url));
  assert.ok(outcome.kind === 'response');
  assert.equal(outcome.status, 200);
  assert.equal(outcome.retryAfterMs, null);
  assert.equal(outcome.excerpt, null);
});

test('a URL or header that a newer rule would refuse is an outcome, not a throw', async (t) => {
  const sender = senderFor(t);
  assertError(await outcomeOf(sender, callback('ftp://example.com/')), 'request_invalid', false);
  const target = await httpTarget(t);
  assertError(
    await outcomeOf(sender, callback(target.url, { headers: { 'x-a': 'b\r\nx-injected: 1' } })),
    'request_invalid',
    false,
  );
  assert.equal(target.received.length, 0);
  assert.equal(sender.inFlight, 0);
});

test('a kept connection that was closed meanwhile: one sending, on a new connection', async (t) => {
  let served = 0;
  const target = await rawTarget(t, (socket) => {
    socket.on('data', () => {
      served += 1;
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', () => socket.destroy());
    });
  });
  const sender = senderFor(t);
  for (let n = 1; n <= 20; n += 1) {
    const outcome = await outcomeOf(sender, callback(target.url));
    assert.equal(outcome.kind, 'response', JSON.stringify(outcome));
    assert.equal(served, n);
    await until('the close was seen', () => sender.counts.connections === 0);
  }
  assert.equal(target.connections(), 20);
});

test('a close that crosses the request: one sending, reported as maybe seen, on a kept connection', async (t) => {
  let requests = 0;
  const target = await rawTarget(t, (socket) => {
    let ofSocket = 0;
    socket.on('data', () => {
      requests += 1;
      ofSocket += 1;
      if (ofSocket === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      else socket.resetAndDestroy();
    });
  });
  const sender = senderFor(t);
  for (const method of ['POST', 'GET'] as const) {
    requests = 0;
    assert.equal((await outcomeOf(sender, callback(target.url, { method, body: null }))).kind, 'response');
    const outcome = await outcomeOf(sender, callback(target.url, { method, body: null }));
    assertError(outcome, 'connection_closed', true);
    assert.match(outcome.kind === 'error' ? outcome.detail : '', /kept connection/);
    assert.equal(requests, 2, `${method} is not repeated by itself`);
  }
});

test('an answer that nobody asked for does not answer the next request', async (t) => {
  const target = await rawTarget(t, (socket, nth) => {
    const forged = 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged';
    const honest = 'HTTP/1.1 500 No\r\ncontent-length: 6\r\n\r\nhonest';
    socket.on('data', () => socket.write(nth === 1 ? honest + forged : honest));
  });
  const sender = senderFor(t);
  for (let n = 0; n < 3; n += 1) {
    const outcome = await outcomeOf(sender, callback(target.url));
    assert.ok(outcome.kind === 'response');
    assert.equal(outcome.status, 500);
    assert.equal(outcome.excerpt, 'honest');
  }
});
