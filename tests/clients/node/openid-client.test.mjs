// Menshen driven by openid-client, the certified client of Node: everything it
// needs comes from discovery.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as oidc from 'openid-client';
import { PASSWORD, Person, serve } from '../support.mjs';

const SECRET = 'a-secret-of-the-node-client-0123456789abcdef';
const CALLBACK = 'http://localhost:65001/callback';
const HOME = 'http://localhost:65001/';
const API = 'https://api.acme.example';
const http = { execute: [oidc.allowInsecureRequests] };

let house;
let signer;

before(async () => {
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', pair.publicKey);
  signer = { key: pair.privateKey, kid: 'one' };
  const web = { redirect_uris: [CALLBACK], post_logout_redirect_uris: [HOME], resources: [API] };
  const scope = 'openid profile email phone account offline_access ecs:read';
  house = await serve({
    allow_weak_passwords: true,
    account: [{ alias: 'acme', name: 'Acme', email: 'ops@acme.example', phone: '+8613800000001', password: PASSWORD }],
    client: [
      {
        ...web,
        client_id: 'console',
        client_secret: SECRET,
        grant_types: ['authorization_code', 'refresh_token'],
        token_endpoint_auth_method: 'client_secret_basic',
        scope,
        first_party: true,
        consent: 'implicit',
      },
      {
        ...web,
        client_id: 'signer',
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [{ kty, crv, x, y, kid: 'one', use: 'sig', alg: 'ES256' }] },
        scope,
        first_party: true,
        consent: 'implicit',
        owner_account: 'acme',
      },
      {
        client_id: 'billing-api',
        client_secret: SECRET,
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_basic',
        scope: 'ecs:read',
        resources: [API],
        owner_account: 'acme',
      },
    ],
    resource: [{ id: API, scopes: ['ecs:read'], introspection_client: 'billing-api' }],
  });
});

after(() => house?.stop());

const discover = (id, secret, method) =>
  oidc.discovery(new URL(house.issuer), id, secret && { client_secret: secret }, method, http);
const console_ = () => discover('console', SECRET, oidc.ClientSecretBasic(SECRET));
const withKey = () => discover('signer', undefined, oidc.PrivateKeyJwt(signer));

/** The code flow with PKCE, state and nonce, as `person`. */
async function codeFlow(client, person = new Person(), scope = 'openid profile email account offline_access') {
  const checks = {
    pkceCodeVerifier: oidc.randomPKCECodeVerifier(),
    expectedState: oidc.randomState(),
    expectedNonce: oidc.randomNonce(),
    idTokenExpected: true,
  };
  const url = oidc.buildAuthorizationUrl(client, {
    redirect_uri: CALLBACK,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
  });
  const returned = await person.signIn(url, 'ops@acme.example');
  assert.ok(returned.left, `still at ${returned.url?.pathname}: ${returned.text}`);
  assert.equal(returned.url.origin + returned.url.pathname, CALLBACK);
  assert.equal(returned.url.searchParams.get('iss'), house.issuer);
  const tokens = await oidc.authorizationCodeGrant(client, returned.url, checks);
  return { tokens, returned, checks };
}

test('discovery tells the truth about itself', async () => {
  const client = await console_();
  const told = client.serverMetadata();
  assert.equal(told.issuer, house.issuer);
  assert.deepEqual(told.response_types_supported, ['code']);
  assert.ok(told.supportsPKCE());
  assert.equal(told.authorization_response_iss_parameter_supported, true);
});

test('the code flow gives an ID token that verifies and claims that agree with it', async () => {
  const client = await console_();
  const { tokens } = await codeFlow(client);
  const claims = tokens.claims();
  assert.equal(claims.iss, house.issuer);
  assert.equal(claims.principal_type, 'root');
  assert.equal(tokens.token_type, 'bearer');
  const person = await oidc.fetchUserInfo(client, tokens.access_token, claims.sub);
  assert.equal(person.email, 'ops@acme.example');
  assert.equal(person.name, 'Acme');
  assert.equal(person.owner_account_id, claims.owner_account_id);
});

test('a code is taken once', async () => {
  const client = await console_();
  const { tokens, returned, checks } = await codeFlow(client);
  await assert.rejects(oidc.authorizationCodeGrant(client, returned.url, checks), { error: 'invalid_grant' });
  await assert.rejects(oidc.fetchUserInfo(client, tokens.access_token, tokens.claims().sub));
});

test('a refresh rotates, and the spent token ends the family', async () => {
  const client = await console_();
  const { tokens } = await codeFlow(client);
  assert.ok(tokens.refresh_token);
  const renewed = await oidc.refreshTokenGrant(client, tokens.refresh_token);
  assert.ok(renewed.refresh_token && renewed.refresh_token !== tokens.refresh_token);
  assert.equal(renewed.claims()?.sub ?? tokens.claims().sub, tokens.claims().sub);
  await assert.rejects(oidc.refreshTokenGrant(client, tokens.refresh_token), { error: 'invalid_grant' });
  await assert.rejects(oidc.refreshTokenGrant(client, renewed.refresh_token), { error: 'invalid_grant' });
});

test('introspection tells of a token until it is revoked', async () => {
  const client = await console_();
  const { tokens } = await codeFlow(client);
  const told = await oidc.tokenIntrospection(client, tokens.access_token);
  assert.equal(told.active, true);
  assert.equal(told.client_id, 'console');
  assert.equal(told.sub, tokens.claims().sub);
  await oidc.tokenRevocation(client, tokens.access_token);
  assert.deepEqual({ ...(await oidc.tokenIntrospection(client, tokens.access_token)) }, { active: false });
  await oidc.tokenRevocation(client, 'never-seen');
});

test('a revoked refresh token takes its access tokens along', async () => {
  const client = await console_();
  const { tokens } = await codeFlow(client);
  await oidc.tokenRevocation(client, tokens.refresh_token, { token_type_hint: 'refresh_token' });
  assert.equal((await oidc.tokenIntrospection(client, tokens.access_token)).active, false);
  await assert.rejects(oidc.refreshTokenGrant(client, tokens.refresh_token), { error: 'invalid_grant' });
});

test('client credentials give a token that the API may introspect', async () => {
  const api = await discover('billing-api', SECRET, oidc.ClientSecretBasic(SECRET));
  const own = await oidc.clientCredentialsGrant(api, { scope: 'ecs:read' });
  const told = await oidc.tokenIntrospection(api, own.access_token);
  assert.equal(told.active, true);
  assert.equal(told.scope, 'ecs:read');
  assert.equal(own.refresh_token, undefined);
});

test('a client proves itself by a signed assertion', async () => {
  const client = await withKey();
  const own = await oidc.clientCredentialsGrant(client, { scope: 'ecs:read' });
  assert.ok(own.access_token);
  const { tokens } = await codeFlow(client);
  assert.equal(tokens.claims().aud, 'signer');
  assert.equal((await oidc.tokenIntrospection(client, tokens.access_token)).active, true);
});

test('a wrong secret is refused and says so by its code', async () => {
  const wrong = `${SECRET}-not`;
  const client = await discover('billing-api', wrong, oidc.ClientSecretBasic(wrong));
  await assert.rejects(oidc.clientCredentialsGrant(client, { scope: 'ecs:read' }), (error) => {
    assert.equal(error.status ?? error.cause?.status ?? error.response?.status, 401);
    return true;
  });
});

test('sign-out with a hint leads home with the state and ends the sign-in', async () => {
  const client = await console_();
  const person = new Person();
  const { tokens } = await codeFlow(client, person);
  const state = oidc.randomState();
  const url = oidc.buildEndSessionUrl(client, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: HOME,
    state,
  });
  const returned = await person.open(url);
  assert.ok(returned.left, `still at ${returned.url?.pathname} (${returned.status})`);
  assert.equal(returned.url.origin + returned.url.pathname, HOME);
  assert.equal(returned.url.searchParams.get('state'), state);
  const silent = oidc.buildAuthorizationUrl(client, {
    redirect_uri: CALLBACK,
    scope: 'openid',
    prompt: 'none',
    code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()),
    code_challenge_method: 'S256',
  });
  const asked = await person.open(silent);
  assert.equal(asked.url.searchParams.get('error'), 'login_required');
});
