// An OpenID Connect provider for tests: the real one, with people from the configuration, and ways to make it lie.
//
// PROVIDER_CONFIG is JSON: { clients, accounts: { login: claims }, inToken }. It prints its issuer, and ends when its standard
// input does. POST /control takes
//   next: { claims, key }   what the next ID token says instead; a key that is "unpublished", or "none"
//   rotate: true            new keys
//   accounts, redirects     more accounts; other addresses that clients come back to
// and answers with how often what was asked for.
import { createServer } from "node:http";
import { createSign, generateKeyPairSync, randomUUID } from "node:crypto";
import Provider from "oidc-provider";

console.info = console.warn = console.log = () => {};
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));

const config = JSON.parse(process.env.PROVIDER_CONFIG);
const counts = { discovery: 0, keys: 0, tokens: 0, userinfo: 0 };
const counted = { "/.well-known/openid-configuration": "discovery", "/jwks": "keys", "/token": "tokens", "/me": "userinfo" };
let next = null;
let issuer;
let current;

const newKey = () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = privateKey.export({ format: "jwk" });
  return { privateKey, jwk: { ...jwk, kid: randomUUID(), use: "sig", alg: "RS256" } };
};

const packed = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

function signedAnew(token, { claims, key }, own) {
  const said = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
  const signer = key === "unpublished" ? newKey() : own;
  const all = { ...said, ...claims };
  for (const [name, value] of Object.entries(all)) if (value === null) delete all[name];
  const none = key === "none";
  const content = `${packed(none ? { alg: "none" } : { alg: "RS256", typ: "JWT", kid: signer.jwk.kid })}.${packed(all)}`;
  return `${content}.${none ? "" : createSign("RSA-SHA256").update(content).sign(signer.privateKey, "base64url")}`;
}

function begin() {
  const key = newKey();
  const provider = new Provider(issuer, {
    clients: config.clients,
    jwks: { keys: [key.jwk] },
    cookies: { keys: [randomUUID()] },
    claims: {
      openid: ["sub"], profile: ["preferred_username", "name"], email: ["email"], groups: ["groups"],
    },
    conformIdTokenClaims: !config.inToken,
    findAccount: (_, id) => {
      const claims = config.accounts[id];
      return claims && { accountId: id, claims: () => ({ sub: id, ...claims }) };
    },
  });
  provider.use(async (context, onward) => {
    await onward();
    if (context.path === "/token" && context.body?.id_token && next) {
      context.body.id_token = signedAnew(context.body.id_token, next, key);
      next = null;
    }
  });
  current = provider.callback();
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, issuer);
  if (pathname !== "/control") {
    if (counted[pathname]) counts[counted[pathname]] += 1;
    current(request, response);
    return;
  }
  let body = "";
  for await (const part of request) body += part;
  const order = JSON.parse(body || "{}");
  if (order.next) next = order.next;
  if (order.accounts) Object.assign(config.accounts, order.accounts);
  if (order.redirects) for (const client of config.clients) client.redirect_uris = order.redirects;
  if (order.rotate || order.redirects) begin();
  response.setHeader("content-type", "application/json").end(JSON.stringify(counts));
});

server.listen(0, "127.0.0.1", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  begin();
  process.stdout.write(`${issuer}\n`);
});
