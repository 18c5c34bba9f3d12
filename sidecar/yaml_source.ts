import { readFile } from 'node:fs/promises'
import {
  type ErrorCode,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
  type YAMLMap,
} from 'yaml'

/**
 * What a YAML file says, with the place of every part and the source text of every scalar.
 *
 * Scalars stay text: a password `0123` or `1e5` is what its author wrote, and only the reader of a key knows
 * which type it has. That is why no schema library reads these trees: it would see values without a source.
 */
type YamlValue = YamlNothing | YamlScalar | YamlList | YamlMapping

/** `key:` without a value, `~` or `null`. */
interface YamlNothing {
  readonly kind: 'nothing'
  readonly at: number
}

export interface YamlScalar {
  readonly kind: 'scalar'
  /** The source text; without its quotes and escapes where it has them. */
  readonly text: string
  /** Without quotes: may be meant as a number or a boolean. */
  readonly plain: boolean
  readonly at: number
}

interface YamlList {
  readonly kind: 'list'
  readonly items: readonly YamlValue[]
  readonly at: number
}

export interface YamlMapping {
  readonly kind: 'mapping'
  readonly entries: readonly YamlEntry[]
  readonly at: number
}

export interface YamlEntry {
  readonly key: string
  readonly keyAt: number
  readonly value: YamlValue
}

/** A place in a file; lines and columns count from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** Something wrong at a place in a file. */
export interface Problem {
  /** The `at` of a value or the `keyAt` of an entry. */
  readonly at: number
  readonly sentence: string
}

export interface YamlFile {
  readonly path: string
  /** `nothing` where the file is empty or broken. */
  readonly root: YamlValue
  readonly problems: readonly Problem[]
  /** The problems leave nothing to rely on: syntax, an alias without an anchor. */
  readonly broken: boolean
  readonly place: (at: number) => Place
}

/** @returns the file, or in one sentence why it cannot be read; never throws for what is in it */
export async function readYaml(path: string): Promise<YamlFile | { readonly unreadable: string }> {
  const text = await readText(path)
  return typeof text === 'string' ? parseYaml(text, path) : text
}

/** @returns `file:line:column: sentence` for each problem, in the order of the file */
export function messages({ path, place }: YamlFile, problems: readonly Problem[]): string[] {
  const sorted = problems.toSorted((a, b) => a.at - b.at)
  const lines = sorted.map(({ at, sentence }) => {
    const { line, column } = place(at)
    return `${path}:${line}:${column}: ${sentence}`
  })
  return [...new Set(lines)]
}

/** @returns the text of a UTF-8 file, or in one sentence why there is none */
export async function readText(path: string): Promise<string | { readonly unreadable: string }> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (error) {
    return { unreadable: `cannot read ${path}: ${whyUnreadable(error)}` }
  }
}

/** @returns the reason of a failed file operation in words, without Node's own prefix and path */
export function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return FILE_PROBLEMS.get(code) ?? (code || 'it cannot be opened')
}

const FILE_PROBLEMS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file or directory'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['EISDIR', 'it is a directory'],
  ['ENOTDIR', 'a part of the path is not a directory'],
  ['ELOOP', 'too many symbolic links'],
  ['ENAMETOOLONG', 'the path is too long'],
  ['ERR_INVALID_ARG_VALUE', 'the path holds a NUL'],
  ['ERR_ENCODING_INVALID_ENCODED_DATA', 'it is not UTF-8 text'],
])

/** The same for a text in memory; `path` only stands in the messages. */
export function parseYaml(text: string, path: string): YamlFile {
  const lineCounter = new LineCounter()
  // Schema failsafe: every scalar is a string. Own check of the keys: it can name the first place.
  const options = { lineCounter, prettyErrors: false, schema: 'failsafe', uniqueKeys: false } as const
  const document = parseDocument(text, options)
  const place = (at: number): Place => {
    const { line, col } = lineCounter.linePos(at)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const problems: Problem[] = []
  for (const { pos, code } of document.errors) problems.push({ at: pos[0], sentence: SYNTAX[code] })
  for (const { pos, code } of document.warnings) {
    const known = code === 'TAG_RESOLVE_FAILED' && CORE_TAG.test(text.slice(...pos))
    if (!known) problems.push({ at: pos[0], sentence: SYNTAX[code] })
  }
  // After a syntax error the tree is the parser's guess: complaints about it would only distract.
  if (problems.length > 0) return { path, root: nothing(0), problems, broken: true, place }
  const conversion = { anchors: new Map(), problems, place, broken: false }
  const root = convert(document.contents, conversion)
  return { path, root: conversion.broken ? nothing(0) : root, problems, broken: conversion.broken, place }
}

/** State of one conversion, which goes through the document in its order. */
interface Conversion {
  /** The value that each anchor names so far; undefined while that value is being converted. */
  readonly anchors: Map<string, YamlValue | undefined>
  readonly problems: Problem[]
  readonly place: (at: number) => Place
  broken: boolean
}

/** Tags of YAML's core schema say nothing that the reader of the key does not know: the text counts. */
const CORE_TAG = /^!!(?:str|int|float|bool|null|timestamp)$/

function nothing(at: number): YamlNothing {
  return { kind: 'nothing', at }
}

function convert(node: ParsedNode | null, conversion: Conversion): YamlValue {
  if (node === null) return nothing(0)
  const at = node.range[0]
  if (isAlias(node)) return dereference(node.source, at, conversion)
  if (node.anchor === undefined) return convertPlain(node, at, conversion)
  conversion.anchors.set(node.anchor, undefined)
  const value = convertPlain(node, at, conversion)
  conversion.anchors.set(node.anchor, value)
  return value
}

/** An alias gives the very value of its anchor: a file of nested aliases takes no more memory than its text. */
function dereference(anchor: string, at: number, conversion: Conversion): YamlValue {
  const { anchors, problems } = conversion
  const value = anchors.get(anchor)
  if (value !== undefined) return value
  // The message does not show the name: `password: *secret` is a password that lacks its quotes.
  const sentence = anchors.has(anchor) ? 'this alias (*) stands inside its own anchor' : SYNTAX.BAD_ALIAS
  problems.push({ at, sentence })
  conversion.broken = true
  return nothing(at)
}

function convertPlain(node: ParsedNode, at: number, conversion: Conversion): YamlValue {
  if (isSeq(node)) {
    return { kind: 'list', items: node.items.map(item => convert(item as ParsedNode, conversion)), at }
  }
  if (isMap(node)) return { kind: 'mapping', entries: convertEntries(node, conversion), at }
  if (!isScalar(node)) return nothing(at)
  const text = String(node.value ?? '')
  const plain = node.type === 'PLAIN'
  return plain && /^(?:~|null|Null|NULL)?$/.test(text) ? nothing(at) : { kind: 'scalar', text, plain, at }
}

/** Own keys in their order, then those that `<<` brings and that do not stand in the mapping itself. */
function convertEntries(map: YAMLMap, conversion: Conversion): YamlEntry[] {
  const own = new Map<string, YamlEntry>()
  const merged: YamlEntry[] = []
  for (const pair of map.items) {
    const key = convert(pair.key as ParsedNode, conversion)
    const value = convert(pair.value as ParsedNode | null, conversion)
    if (key.kind !== 'scalar') {
      conversion.problems.push({ at: key.at, sentence: 'a key must be a word' })
    } else if (key.text === '<<' && key.plain) {
      merged.push(...mergedEntries(value, conversion))
    } else {
      const first = own.get(key.text)
      if (first === undefined) own.set(key.text, { key: key.text, keyAt: key.at, value })
      else
        conversion.problems.push({ at: key.at, sentence: repeated(key.text, conversion.place(first.keyAt)) })
    }
  }
  for (const entry of merged) if (!own.has(entry.key)) own.set(entry.key, entry)
  return [...own.values()]
}

function repeated(key: string, first: Place): string {
  return `the key ${key} stands twice in one mapping (first in line ${first.line})`
}

/** Entries of YAML 1.1's merge key, `<<: *defaults` or `<<: [*site, *defaults]`; the first one wins. */
function mergedEntries(value: YamlValue, { problems }: Conversion): readonly YamlEntry[] {
  const sources = value.kind === 'list' ? value.items : [value]
  const mappings = sources.filter(source => source.kind === 'mapping')
  if (mappings.length < sources.length) {
    problems.push({ at: value.at, sentence: '<< must be followed by a mapping or a list of mappings' })
  }
  return mappings.flatMap(mapping => mapping.entries)
}

/**
 * The YAML library's errors in words of our own: its messages quote the text, which may be a password.
 * `Record` makes a new code of a later version a type error.
 */
const SYNTAX: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'YAML: an alias (*) takes no anchor or tag',
  BAD_ALIAS: 'YAML: this alias (*) has no anchor (&) before it; a text that begins with * needs quotes',
  BAD_COLLECTION_TYPE: 'YAML: the tag (!) does not fit to the mapping or list behind it',
  BAD_DIRECTIVE: 'YAML: bad % directive; a text that begins with % needs quotes',
  BAD_DQ_ESCAPE: 'YAML: unknown \\ escape in double quotes; single quotes keep a \\ as it is',
  BAD_INDENT: 'YAML: wrong indentation, or a bracket that is not closed',
  BAD_PROP_ORDER: 'YAML: an anchor (&) or a tag (!) stands in the wrong place',
  BAD_SCALAR_START: 'YAML: a text that begins with this character needs quotes',
  BLOCK_AS_IMPLICIT_KEY: 'YAML: a mapping or list cannot begin here; a text with ": " in it needs quotes',
  BLOCK_IN_FLOW: 'YAML: an indented mapping or list cannot stand inside [ ] or { }',
  DUPLICATE_KEY: 'YAML: a key stands twice in one mapping',
  IMPOSSIBLE: 'YAML: this cannot be understood',
  KEY_OVER_1024_CHARS: 'YAML: a key must be shorter than 1,024 characters',
  MISSING_CHAR: 'YAML: a character is missing here: a closing quote or bracket, a comma, a colon or a blank',
  MULTILINE_IMPLICIT_KEY: 'YAML: a key must stand in one line, with a colon behind it',
  MULTIPLE_ANCHORS: 'YAML: a value takes one anchor (&)',
  MULTIPLE_DOCS: 'YAML: a file must hold one document; a second one begins here (---)',
  MULTIPLE_TAGS: 'YAML: a value takes one tag (!)',
  NON_STRING_KEY: 'YAML: a key must be a word',
  RESOURCE_EXHAUSTION: 'YAML: lists and mappings are nested too deeply',
  TAB_AS_INDENT: 'YAML: a tab cannot indent; use blanks',
  TAG_RESOLVE_FAILED: 'YAML: unknown tag; a text that begins with ! needs quotes',
  UNEXPECTED_TOKEN: 'YAML: this is not expected here; a text with special characters needs quotes',
}
