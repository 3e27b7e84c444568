/** Represents a token without revealing it: a name, and a key that signs tickets. */
export interface TokenKey {
  /** 32 hexadecimal digits. */
  readonly name: string;
  readonly key: CryptoKey;
}

const encoder = new TextEncoder();

/** Derives a token's name and its signing key by HKDF (RFC 5869). Neither reveals the token or the other. */
export async function tokenKey(token: string): Promise<TokenKey> {
  const material = await crypto.subtle.importKey('raw', encoder.encode(token), 'HKDF', false, [
    'deriveBits',
    'deriveKey',
  ]);
  const [bits, key] = await Promise.all([
    crypto.subtle.deriveBits(hkdf('name of a token'), material, 128),
    crypto.subtle.deriveKey(
      hkdf('key of tickets'),
      material,
      { name: 'HMAC', hash: 'SHA-256', length: 256 },
      false,
      ['sign', 'verify'],
    ),
  ]);
  const name = [...new Uint8Array(bits)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return { name, key };
}

/** The purpose makes the derived values independent of values that are derived for other purposes. */
function hkdf(purpose: string) {
  const info = encoder.encode(`edge-task-queue: ${purpose}`);
  return { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info };
}
