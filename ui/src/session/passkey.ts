// Passkeys: what the server and the browser say to each other, where one writes text and the other bytes.

/** Why a passkey could not be used, in words for a person. */
export class PasskeyError extends Error {}

/** A passkey belongs to a name, and an address in figures is none. */
const isFigures = (host: string): boolean => /^[\d.]+$|^\[/.test(host);

/** Whether this browser has passkeys here; they need a name in the address, and https or this very machine. */
export const passkeysHere = (): boolean => typeof PublicKeyCredential === "function" && window.isSecureContext && !isFigures(window.location.hostname);

/** The same server by its name, where the address is this machine's own in figures. */
export function byName(address: Pick<Location, "hostname" | "port" | "protocol"> = window.location): string | undefined {
  if (!/^127\.[\d.]+$|^\[::1\]$/.test(address.hostname)) return undefined;
  return `${address.protocol}//localhost${address.port ? `:${address.port}` : ""}`;
}

/** What to call a passkey that is made in this browser. */
export function deviceName(agent: string = navigator.userAgent): string {
  const find = (of: [RegExp, string][]) => of.find(([pattern]) => pattern.test(agent))?.[1];
  const browser = find([[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrom(e|ium)\//, "Chrome"], [/Safari\//, "Safari"]]);
  const system = find([[/iPhone|iPad/, "iOS"], [/Android/, "Android"], [/Mac OS X/, "macOS"], [/Windows/, "Windows"], [/CrOS/, "ChromeOS"], [/Linux/, "Linux"]]);
  return [browser ?? "Browser", system].filter(Boolean).join(" on ");
}

/** Whether the browser offers passkeys within a field for names. */
export async function offersInField(): Promise<boolean> {
  // Not every browser that has passkeys has this.
  if (!passkeysHere() || !("isConditionalMediationAvailable" in PublicKeyCredential)) return false;
  return PublicKeyCredential.isConditionalMediationAvailable().catch(() => false);
}

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

export function text(from: ArrayBuffer | null): string | undefined {
  if (from === null) return undefined;
  const plain = Array.from(new Uint8Array(from), (byte) => String.fromCharCode(byte)).join("");
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

interface Descriptor { id: string; type: "public-key"; transports?: AuthenticatorTransport[] }
/** What the server asks for, as it writes it (WebAuthn Level 3, JSON forms). */
export interface CreationJson extends Omit<PublicKeyCredentialCreationOptions, "challenge" | "user" | "excludeCredentials" | "extensions"> {
  challenge: string;
  user: { id: string; name: string; displayName: string };
  excludeCredentials?: Descriptor[];
}
export interface RequestJson extends Omit<PublicKeyCredentialRequestOptions, "challenge" | "allowCredentials" | "extensions"> {
  challenge: string;
  allowCredentials?: Descriptor[];
}

const descriptors = (of: Descriptor[] | undefined) => of?.map((each) => ({ ...each, id: bytes(each.id) }));

/** Makes a new passkey; the answer as the server reads it. */
export async function make(options: CreationJson, signal?: AbortSignal): Promise<object> {
  const publicKey = {
    ...options, challenge: bytes(options.challenge), user: { ...options.user, id: bytes(options.user.id) },
    excludeCredentials: descriptors(options.excludeCredentials), extensions: undefined,
  };
  const made = await asked(() => navigator.credentials.create({ publicKey, signal }), "make");
  const response = made.response as AuthenticatorAttestationResponse;
  return {
    ...common(made),
    response: {
      clientDataJSON: text(response.clientDataJSON), attestationObject: text(response.attestationObject),
      transports: "getTransports" in response ? response.getTransports() : [],
    },
  };
}

/** Signs in with one; `inField` waits silently until one is picked in the field for names. */
export async function prove(options: RequestJson, how: { inField?: boolean; signal?: AbortSignal } = {}): Promise<object> {
  const publicKey = { ...options, challenge: bytes(options.challenge), allowCredentials: descriptors(options.allowCredentials), extensions: undefined };
  const mediation = how.inField ? "conditional" : undefined;
  const used = await asked(() => navigator.credentials.get({ publicKey, signal: how.signal, mediation }), "use");
  const response = used.response as AuthenticatorAssertionResponse;
  return {
    ...common(used),
    response: {
      clientDataJSON: text(response.clientDataJSON), authenticatorData: text(response.authenticatorData),
      signature: text(response.signature), userHandle: text(response.userHandle),
    },
  };
}

function common(credential: PublicKeyCredential) {
  return {
    id: credential.id, rawId: text(credential.rawId), type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    // The server reads none; the form wants the field.
    clientExtensionResults: {},
  };
}

async function asked(ask: () => Promise<Credential | null>, what: "make" | "use"): Promise<PublicKeyCredential> {
  try {
    const credential = await ask();
    if (credential) return credential as PublicKeyCredential;
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    // The one who asked has changed its mind: nothing to tell anybody.
    if (name === "AbortError") throw error;
    if (name === "InvalidStateError") throw new PasskeyError("This device already has a passkey for you here.");
    if (name === "SecurityError") throw new PasskeyError("The browser does not use passkeys at this address. They need https, or localhost instead of an address in figures.");
    if (name === "NotSupportedError") throw new PasskeyError("This device has no kind of passkey that the server takes.");
    // Browsers do not say whether somebody declined or nothing was found: both look like this.
    if (name !== "NotAllowedError") throw error;
  }
  throw new PasskeyError(what === "make" ? "No passkey was made: it was declined, or it took too long." : "No passkey was used: it was declined, none is on this device, or it took too long.");
}
