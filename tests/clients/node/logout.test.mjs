// Back-channel logout as a client in Node hears it: the logout token is checked
// as OpenID Connect Back-Channel Logout 1.0 §2.6 says, by openid-client's own
// JOSE library and with the keys that discovery names.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as oidc from 'openid-client';
import { PASSWORD, Person, serve } from '../support.mjs';

const SECRET = 'a-secret-of-the-node-client-0123456789abcdef';
const CALLBACK = 'http://localhost:65001/callback';
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

let house;
let endpoint;
let calls = [];
let arrived = () => {};

before(async () => {
  endpoint = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      calls.push({ method: request.method, type: request.headers['content-type'], body: new URLSearchParams(body) });
      response.writeHead(200, { 'cache-control': 'no-store' }).end();
      arrived();
    });
  });
  endpoint.listen(0, '127.0.0.1');
  await once(endpoint, 'listening');
  const client = {
    client_id: 'console',
    client_secret: SECRET,
    redirect_uris: [CALLBACK],
    scope: 'openid',
    first_party: true,
    backchannel_logout_uri: `http://127.0.0.1:${endpoint.address().port}/backchannel-logout`,
    backchannel_logout_session_required: true,
  };
  house = await serve(
    {
      allow_weak_passwords: true,
      account: [{ alias: 'acme', name: 'Acme', email: 'ops@acme.example', password: PASSWORD }],
      client: [client],
    },
    { MENSHEN__OUTBOUND__ALLOW_PRIVATE_ADDRESSES: 'true' },
  );
});

after(async () => {
  await house?.stop();
  endpoint?.close();
});

test('a sign-out reaches the client, with a token that it can trust', async () => {
  const authentication = oidc.ClientSecretBasic(SECRET);
  const http = { execute: [oidc.allowInsecureRequests] };
  const client = await oidc.discovery(new URL(house.issuer), 'console', { client_secret: SECRET }, authentication, http);
  const told = client.serverMetadata();
  assert.equal(told.backchannel_logout_supported, true);
  assert.equal(told.backchannel_logout_session_supported, true);
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const url = oidc.buildAuthorizationUrl(client, {
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  const person = new Person();
  const returned = await person.signIn(url, 'ops@acme.example');
  const tokens = await oidc.authorizationCodeGrant(client, returned.url, { pkceCodeVerifier, idTokenExpected: true });
  const heard = new Promise((resolve) => (arrived = resolve));
  await person.open(oidc.buildEndSessionUrl(client, { id_token_hint: tokens.id_token }));
  await heard;
  const [call] = calls;
  assert.equal(call.method, 'POST');
  assert.match(call.type, /^application\/x-www-form-urlencoded/);
  const keys = createRemoteJWKSet(new URL(told.jwks_uri));
  const expected = { issuer: house.issuer, audience: 'console', typ: 'logout+jwt' };
  const { payload, protectedHeader } = await jwtVerify(call.body.get('logout_token'), keys, expected);
  assert.notEqual(protectedHeader.alg, 'none');
  assert.equal(payload.sub, tokens.claims().sub);
  assert.equal(payload.sid, tokens.claims().sid);
  assert.deepEqual(payload.events, { [EVENT]: {} });
  assert.ok(payload.jti && payload.iat && payload.exp > payload.iat);
  assert.equal(payload.nonce, undefined);
  assert.equal(calls.length, 1);
});
