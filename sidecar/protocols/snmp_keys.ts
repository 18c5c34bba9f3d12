import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { AuthProtocol, UserAccess } from '../snmp_url.ts'

/** Name of the hash in OpenSSL, and the bytes of its HMAC that a message carries (RFC 3414, 6; RFC 7860, 4). */
const HASHES: Readonly<Record<AuthProtocol, { readonly name: string; readonly digestBytes: number }>> = {
  md5: { name: 'md5', digestBytes: 12 },
  sha: { name: 'sha1', digestBytes: 12 },
  sha224: { name: 'sha224', digestBytes: 16 },
  sha256: { name: 'sha256', digestBytes: 24 },
  sha384: { name: 'sha384', digestBytes: 32 },
  sha512: { name: 'sha512', digestBytes: 48 },
}

/** The agent's SNMP engine: keys belong to its id, and requests must carry its time. */
export interface Engine {
  readonly id: Buffer
  readonly boots: number
  /** Seconds since its last boot. */
  readonly time: number
}

/** What is done to a message of a user, with keys that hold for one engine. */
export interface Keys {
  /** Bytes of the digest; 0 where the user has no authentication. */
  readonly digestBytes: number
  digest(message: Buffer): Buffer
  isGenuine(message: Buffer, digest: Buffer): boolean
  /** Undefined where the user has no privacy. */
  readonly privacy: Privacy | undefined
}

interface Privacy {
  /** @returns the salt goes into the message as msgPrivacyParameters */
  encrypt(plain: Buffer, engine: Engine): { readonly encrypted: Buffer; readonly salt: Buffer }
  /** @returns undefined where the bytes are not of this cipher; rubbish where the key was another */
  decrypt(encrypted: Buffer, salt: Buffer, engine: Engine): Buffer | undefined
}

/**
 * Localizes a user's keys to an engine (RFC 3414, 2.6). They are made KeyObjects once, because Node does so for
 * each message otherwise, which takes half of the time of a poll.
 */
export function keysFor({ auth, priv }: UserAccess, engineId: Buffer): Keys {
  if (auth === undefined) {
    return { digestBytes: 0, digest: () => Buffer.of(), isGenuine: () => true, privacy: undefined }
  }
  const { name, digestBytes } = HASHES[auth.protocol]
  const key = createSecretKey(localize(auth.protocol, stretchOnce(auth.protocol, auth.key), engineId))
  const digest = (message: Buffer) => createHmac(name, key).update(message).digest().subarray(0, digestBytes)
  return {
    digestBytes,
    digest,
    isGenuine: (message, theirs) => theirs.length === digestBytes && timingSafeEqual(theirs, digest(message)),
    privacy: priv && privacyOf(priv, auth.protocol, engineId),
  }
}

/** Stretched passwords of descriptions: a site has one for all its agents, and stretching takes milliseconds. */
const stretched = new Map<string, Buffer>()

function stretchOnce(protocol: AuthProtocol, password: string): Buffer {
  const cacheKey = `${protocol} ${password}`
  const known = stretched.get(cacheKey) ?? stretch(protocol, Buffer.from(password))
  stretched.set(cacheKey, known)
  return known
}

/** RFC 3414, A.2: the password repeated to a megabyte and hashed. */
function stretch(protocol: AuthProtocol, password: Buffer): Buffer {
  return createHash(HASHES[protocol].name)
    .update(Buffer.alloc(2 ** 20, password))
    .digest()
}

/** RFC 3414, 2.6: the stretched password hashed around the engine's id. */
function localize(protocol: AuthProtocol, stretched: Buffer, engineId: Buffer): Buffer {
  return createHash(HASHES[protocol].name).update(stretched).update(engineId).update(stretched).digest()
}

function privacyOf(priv: NonNullable<UserAccess['priv']>, auth: AuthProtocol, engineId: Buffer): Privacy {
  const key = localize(auth, stretchOnce(auth, priv.key), engineId)
  switch (priv.protocol) {
    case 'des':
      return des(key)
    case 'aes':
      return aes('aes-128-cfb', key.subarray(0, 16))
    case 'aes256b':
      return aes('aes-256-cfb', extendByHash(key, auth).subarray(0, 32))
    case 'aes256r':
      return aes('aes-256-cfb', extendByStretching(key, auth, engineId).subarray(0, 32))
  }
}

/** draft-blumenthal-aes-usm-04, 3.1.2.1: the hash of what there is, until it is enough. */
function extendByHash(key: Buffer, auth: AuthProtocol): Buffer {
  let extended = key
  while (extended.length < 32) {
    extended = Buffer.concat([extended, createHash(HASHES[auth].name).update(extended).digest()])
  }
  return extended
}

/** draft-reeder-snmpv3-usm-3desede-00, 2.1: the key taken for a password, until it is enough. */
function extendByStretching(key: Buffer, auth: AuthProtocol, engineId: Buffer): Buffer {
  let extended = key
  let last = key
  while (extended.length < 32) {
    last = localize(auth, stretch(auth, last), engineId)
    extended = Buffer.concat([extended, last])
  }
  return extended
}

/** CFB with the IV boots, time, salt (RFC 3826, 3.1.2.1). A salt must not come twice: it counts from anywhere. */
function aes(cipher: 'aes-128-cfb' | 'aes-256-cfb', bytes: Buffer): Privacy {
  const key = createSecretKey(bytes)
  let counter = randomBytes(8).readBigUInt64BE()
  const ivOf = ({ boots, time }: Engine, salt: Buffer) => {
    const iv = Buffer.alloc(16)
    iv.writeInt32BE(boots, 0)
    iv.writeInt32BE(time, 4)
    salt.copy(iv, 8)
    return iv
  }
  return {
    encrypt(plain, engine) {
      const salt = Buffer.alloc(8)
      counter = BigInt.asUintN(64, counter + 1n)
      salt.writeBigUInt64BE(counter)
      const encryption = createCipheriv(cipher, key, ivOf(engine, salt))
      return { encrypted: Buffer.concat([encryption.update(plain), encryption.final()]), salt }
    },
    decrypt(encrypted, salt, engine) {
      if (salt.length !== 8) return undefined
      const decryption = createDecipheriv(cipher, key, ivOf(engine, salt))
      return Buffer.concat([decryption.update(encrypted), decryption.final()])
    },
  }
}

/**
 * CBC with an IV of pre-IV xor salt (RFC 3414, 8). Triple DES with three times the same key: OpenSSL 3 and with
 * it Node have no single DES outside of the legacy provider.
 */
function des(key: Buffer): Privacy {
  const threefold = createSecretKey(Buffer.concat(Array(3).fill(key.subarray(0, 8))))
  const preIv = key.subarray(8, 16)
  let counter = randomBytes(4).readUInt32BE()
  const ivOf = (salt: Buffer) => preIv.map((byte, at) => byte ^ (salt[at] ?? 0))
  return {
    encrypt(plain, { boots }) {
      const salt = Buffer.alloc(8)
      salt.writeInt32BE(boots, 0)
      counter = (counter + 1) >>> 0
      salt.writeUInt32BE(counter, 4)
      const encryption = createCipheriv('des-ede3-cbc', threefold, ivOf(salt)).setAutoPadding(false)
      const padded = Buffer.concat([plain, Buffer.alloc((8 - (plain.length % 8)) % 8)])
      return { encrypted: Buffer.concat([encryption.update(padded), encryption.final()]), salt }
    },
    decrypt(encrypted, salt) {
      if (salt.length !== 8 || encrypted.length === 0 || encrypted.length % 8 !== 0) return undefined
      const decryption = createDecipheriv('des-ede3-cbc', threefold, ivOf(salt)).setAutoPadding(false)
      return Buffer.concat([decryption.update(encrypted), decryption.final()])
    },
  }
}
