// Apache with mod_auth_openidc in front of a page, as people put it before an
// application that knows nothing of OpenID Connect; Chromium drives it.

import assert from 'node:assert/strict';
import { access, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { Visitor, launch } from '../../browser/support.mjs';
import { PASSWORD, Process, freePorts, serve } from '../support.mjs';

const SECRET = 'a-secret-of-the-apache-client-0123456789abcdef';
const MODULES = '/usr/lib/apache2/modules';
const NEEDED = [
  ['mpm_event', 'mod_mpm_event'],
  ['authn_core', 'mod_authn_core'],
  ['authz_core', 'mod_authz_core'],
  ['authz_user', 'mod_authz_user'],
  ['auth_openidc', 'mod_auth_openidc'],
  ['headers', 'mod_headers'],
  ['mime', 'mod_mime'],
  ['include', 'mod_include'],
  ['unixd', 'mod_unixd'],
  ['dir', 'mod_dir'],
];

let house;
let apache;
let browser;
let directory;
let site;

/** Only what is not compiled in has a file. */
async function modules() {
  const lines = NEEDED.map(async ([name, file]) => {
    const there = await access(`${MODULES}/${file}.so`).then(() => true, () => false);
    return there ? `LoadModule ${name}_module ${MODULES}/${file}.so` : '';
  });
  return (await Promise.all(lines)).join('\n');
}

async function configuration(port) {
  // Workers give up root where there is one to give up.
  const user = process.getuid() === 0 ? 'User www-data\nGroup www-data' : '';
  return `
ServerRoot "${directory}"
ServerName localhost:${port}
Listen 127.0.0.1:${port}
PidFile "${directory}/httpd.pid"
ErrorLog "${directory}/error.log"
LogLevel warn
${await modules()}
${user}
DefaultRuntimeDir "${directory}"
Mutex pthread
TypesConfig /dev/null
AddType text/html .html
DocumentRoot "${directory}/pages"
OIDCProviderMetadataURL ${house.issuer}/.well-known/openid-configuration
OIDCClientID apache
OIDCClientSecret ${SECRET}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCPKCEMethod S256
OIDCScope "openid profile email account"
OIDCRedirectURI ${site}/protected/back
OIDCCryptoPassphrase an-example-passphrase-of-a-test
OIDCRemoteUserClaim sub
OIDCCookieSameSite On
OIDCDefaultLoggedOutURL ${site}/
<Directory "${directory}/pages">
  Options +Includes
  AddOutputFilter INCLUDES .html
  Require all granted
</Directory>
<Location "/protected">
  AuthType openid-connect
  Require claim principal_type:root
</Location>
`;
}

const PAGE = `<!doctype html><html lang="en"><title>Protected</title>
<p id="user"><!--#echo var="REMOTE_USER" --></p>
<p id="email"><!--#echo var="OIDC_CLAIM_email" --></p>
<p id="kind"><!--#echo var="OIDC_CLAIM_principal_type" --></p>
</html>
`;

before(async () => {
  const port = await freePorts(1);
  site = `http://localhost:${port}`;
  house = await serve({
    allow_weak_passwords: true,
    account: [
      {
        alias: 'acme',
        name: 'Acme',
        email: 'ops@acme.example',
        password: PASSWORD,
        iam_user: [{ username: 'alice', name: 'Alice', password: PASSWORD }],
      },
    ],
    client: [
      {
        client_id: 'apache',
        client_secret: SECRET,
        redirect_uris: [`${site}/protected/back`],
        post_logout_redirect_uris: [`${site}/`],
        backchannel_logout_uri: `${site}/protected/back?logout=backchannel`,
        backchannel_logout_session_required: true,
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'client_secret_basic',
        scope: 'openid profile email account',
        first_party: true,
        consent: 'implicit',
      },
    ],
  }, { MENSHEN__OUTBOUND__ALLOW_PRIVATE_ADDRESSES: 'true' });
  directory = await mkdtemp(path.join(tmpdir(), 'menshen-apache-'));
  await mkdir(path.join(directory, 'pages/protected'), { recursive: true });
  await writeFile(path.join(directory, 'pages/index.html'), '<!doctype html><html lang="en"><title>Outside</title></html>\n');
  await writeFile(path.join(directory, 'pages/protected/index.html'), PAGE);
  await writeFile(path.join(directory, 'httpd.conf'), await configuration(port));
  // The pages are for www-data too; nothing here is secret.
  for (const open of ['', 'pages', 'pages/protected']) await chmod(path.join(directory, open), 0o755);
  apache = new Process('/usr/sbin/apache2', ['-f', path.join(directory, 'httpd.conf'), '-D', 'FOREGROUND']);
  try {
    await apache.answers(`${site}/`);
  } catch (error) {
    const log = await readFile(path.join(directory, 'error.log'), 'utf8').catch(() => '');
    throw new Error(`${error.message}\n${log}`);
  }
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await apache?.stop();
  await house?.stop();
  if (directory) await rm(directory, { recursive: true });
});

async function visit(scenario) {
  const visitor = await Visitor.arrive(browser);
  try {
    await scenario(visitor, visitor.page);
  } finally {
    await visitor.context.close();
  }
}

test('Apache lets the root in, tells the page who it is, and signs out at both', () =>
  visit(async (visitor, page) => {
    await page.goto(`${site}/protected/index.html`);
    assert.equal(new URL(page.url()).origin, house.issuer);
    await visitor.enter('ops@acme.example');
    assert.equal(page.url(), `${site}/protected/index.html`, await page.content());
    assert.match(await page.locator('#user').innerText(), /^p_/);
    assert.equal(await page.locator('#email').innerText(), 'ops@acme.example');
    assert.equal(await page.locator('#kind').innerText(), 'root');
    await page.goto(`${site}/protected/back?logout=${encodeURIComponent(`${site}/`)}`);
    assert.equal(page.url().replace(/\?.*/, ''), `${site}/`);
    await page.goto(`${site}/protected/index.html`);
    assert.equal(new URL(page.url()).origin, house.issuer, 'signed out at the provider as well');
  }));

test('Apache turns away whom its rule does not name', () =>
  visit(async (visitor, page) => {
    await page.goto(`${site}/protected/index.html`);
    await page.click('a[href*="/login/iam"]');
    await page.fill('#username', 'alice@acme');
    await page.click('#next');
    const answered = page.waitForResponse((response) => response.url() === `${site}/protected/index.html`);
    await visitor.enter(null);
    assert.ok([401, 403].includes((await answered).status()));
  }));

/** Signs one account out on the provider's own page. */
async function leave(page, words) {
  await page.goto(`${house.issuer}/accounts`);
  await page.locator('li.row').filter({ hasText: words }).locator('button[name=sign_out]').click();
  await page.waitForSelector('button[name=account][data-state=signed_out]');
}

test('Apache ends its session when the provider says so behind the back of the browser', () =>
  visit(async (visitor, page) => {
    await page.goto(`${site}/protected/index.html`);
    await visitor.enter('ops@acme.example');
    assert.equal(page.url(), `${site}/protected/index.html`, await page.content());
    const subject = await page.locator('#user').innerText();
    // The session at Apache is its own: as long as nobody tells it, it stays.
    await page.reload();
    assert.equal(await page.locator('#user').innerText(), subject);
    await leave(page, 'Acme');
    const until = Date.now() + 20_000;
    for (;;) {
      await page.goto(`${site}/protected/index.html`);
      if (new URL(page.url()).origin === house.issuer) break;
      assert.ok(Date.now() < until, 'Apache has not heard of it');
    }
    // And it lets in whoever proves it again, as somebody new.
    await page.locator('button[name=account]').click();
    await visitor.enter(null);
    assert.equal(page.url(), `${site}/protected/index.html`, await page.content());
    assert.equal(await page.locator('#user').innerText(), subject);
  }));
