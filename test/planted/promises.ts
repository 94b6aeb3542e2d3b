import { type Bug, plant } from './plant.ts'

const batchesTest = 'test/cli/batches.test.ts'
const boundsTest = 'test/cli/bounds.test.ts'

/** Bugs that break a promise of docs/limits.md or docs/security.md, or an invariant of ARCHITECTURE.md. */
export const promiseBugs: readonly Bug[] = [
  // Limits of the input.
  ...plant('src/cli/deliver.ts', boundsTest, [
    [
      'A batch of the command line may hold any number of records (limits: 10,000).',
      '.argParser(wholeNumber(1, 10_000)),',
      '.argParser(wholeNumber(1, 1e9)),',
    ],
  ]),
  ...plant('src/cli/replay.ts', boundsTest, [
    [
      'A replay takes any number of error files (limits: up to 1,000,000).',
      '.argParser(wholeNumber(1, 1_000_000))',
      '.argParser(wholeNumber(1, 1e9))',
    ],
    [
      'A replay takes more error files unless it is told (limits: 10,000).',
      '.default(10_000)',
      '.default(100_000)',
    ],
  ]),
  ...plant('src/cli/replay/run.ts', boundsTest, [
    [
      'The bound on the error files of a replay is ignored.',
      'freeze(selected.keys.slice(0, flags.max))',
      'freeze(selected.keys)',
    ],
    [
      'The file of an edit may have any size (limits: 10 MiB).',
      'if (bytes.length <= editBytesMax) return bytes',
      'if (bytes.length >= 0) return bytes',
    ],
  ]),
  ...plant('src/errors/edit.ts', boundsTest, [
    [
      'An edit may have any number of operations (limits: 1,000).',
      'if (patch.length > operationsMax)',
      'if (patch.length > 1e9)',
    ],
  ]),
  ...plant('src/cli/batches.ts', batchesTest, [
    [
      'A batch of lines is larger than Lambda takes (limits: 6 MiB).',
      'const batchBytesMax = 6 * 1024 * 1024',
      'const batchBytesMax = 60 * 1024 * 1024',
      /what Lambda takes/,
    ],
    [
      'The last lines of an input that breaks off are lost.',
      '  if (records.length > 0) yield flush()\n  if (failure) throw failure\n',
      '  if (failure) throw failure\n  if (records.length > 0) yield flush()\n',
      /ends inside a document|breaks off/,
    ],
  ]),
  ...plant('src/cli/lines.ts', batchesTest, [
    [
      'A line has no bound (limits: 64 MiB).',
      'if (held > lineBytesMax)',
      'if (held > 1e12)',
      /line beyond the bound/,
    ],
    [
      'Lines are counted from 0.',
      '  let number = 1\n  let failure',
      '  let number = 0\n  let failure',
      /line numbers/,
    ],
  ]),
  ...plant('src/cli/documents.ts', batchesTest, [
    [
      'A document over several lines may be nested to any depth (limits: 128).',
      "line.end === 'line feed') || scan.depth > depthMax",
      "line.end === 'line feed') || scan.depth > 1e9",
      /128 brackets/,
    ],
  ]),
  ...plant('src/codec/envelope.ts', 'test/codec/envelope.test.ts', [
    [
      'A record may have any size (limits: 10 MiB).',
      'if (payload.length > payloadBytesMax)',
      'if (payload.length > 1e9)',
    ],
  ]),
  ...plant('src/codec/number.ts', 'test/codec/number.test.ts', [
    [
      'A number has more digits than DynamoDB keeps (limits: 38).',
      'const digitsMax = 38',
      'const digitsMax = 39',
    ],
    ['A number may be of any length.', 'if (text.length > charactersMax) return false\n', ''],
  ]),
  ...plant('src/codec/image.ts', 'test/work/work.test.ts', [
    [
      'What no schema models has no bound (limits: 4,000,000 characters).',
      'if (walk.extraLength > extraLengthMax)',
      'if (walk.extraLength > 1e12)',
      /would pass DynamoDB/,
    ],
    [
      'Names alike are told apart from the first number on.',
      '    repeats.set(name, number + 1)\n',
      '',
      /four times the work|alike/,
    ],
  ]),
  ...plant('src/record/type.ts', 'test/record/type.test.ts', [
    [
      'A schema may be nested to any depth (limits: 32 levels).',
      'if (bounds.depth === levelsMax)',
      'if (bounds.depth === 1e9)',
    ],
    [
      'A schema that is used by its name counts once (limits: 10,000 types).',
      'if (size > typesMax)',
      'if (size > 1e12)',
    ],
  ]),
  ...plant('src/errors/group.ts', 'test/errors/group.test.ts', [
    [
      'All files of a cause are read (limits: 1,000).',
      'export const sampledMax = 1_000',
      'export const sampledMax = 1_000_000',
    ],
  ]),

  // Nothing depends on the machine's time zone or language.
  ...plant('src/record/date.ts', 'test/record/date.test.ts', [
    [
      'A day is one of the machine’s zone.',
      'return toIso(instantMs).slice(0, 10)',
      "return new Date(instantMs).toLocaleDateString('sv')",
    ],
    ['Seconds of nine digits are a date.', '/^(\\d{10}|\\d{13})', '/^(\\d{9,10}|\\d{13})'],
    [
      'A time without an offset is one of the machine’s zone.',
      '- offset) * 60 + Number(second)',
      '- (sign === undefined ? -new Date().getTimezoneOffset() : offset)) * 60 + Number(second)',
    ],
  ]),

  // The views, and whatever else puts changes in order, go by `record/change.ts`.
  ...plant('src/record/change.ts', 'test/record/change.test.ts', [
    ['At one instant the operation does not decide.', "  { field: 'operation', as: 'rank' },\n", ''],
    ['A coarse clock merges two changes.', "  { field: 'id', as: 'atWholeMs' },\n", ''],
    ['Two tables share their items.', "[itIs('table'), itIs('key')]", "[itIs('key')]"],
  ]),
  ...plant('src/query/views.ts', 'test/query/views.test.ts', [
    [
      'The earliest state of an item is the current one.',
      '`${termSql(term)} DESC`',
      '`${termSql(term)} ASC`',
      /latest state/,
    ],
    ['A deleted item is current.', 'AS latest WHERE NOT isdeleted`', 'AS latest`', /latest state/],
  ]),

  // A partition is left out only where no row of it can pass.
  ...plant('src/query/prune.ts', 'test/query/prune.test.ts', [
    [
      'What is not understood beside an OR leaves partitions out.',
      "(type === 'CONJUNCTION_OR' && known.length < parts.length)",
      "(type === 'CONJUNCTION_OR' && known.length < 0)",
      /the partitions that a statement reads/,
    ],
    [
      'A missing row leaves partitions out.',
      "    if (isOuter && passed.includes(null)) return 'all'\n",
      '',
      /missing row/,
    ],
    [
      'The current state is looked for in some partitions alone.',
      '{ type, isPlain: false }',
      '{ type, isPlain: true }',
      /the partitions that a statement reads/,
    ],
  ]),

  // What was replaced or removed is in no answer; what a query keeps is for its owner alone.
  ...plant('src/query/cache.ts', 'test/query/cache.test.ts', [
    [
      'A file that was replaced is answered as it was.',
      'found.members.some(({ key, etag }) => etags.get(key) !== etag)',
      'found.members.some(({ key }) => !etags.has(key))',
      /never serves/,
    ],
    [
      'What a killed process left stays.',
      "(await fateOf(owner)) === 'dead'",
      "(await fateOf(owner)) === 'unknown'",
      /was killed/,
    ],
  ]),
  ...plant('src/query/load.ts', 'test/query/cache.test.ts', [
    [
      'The rows of a cache are open to everybody (security: 0600).',
      'chmod(path, 0o600)',
      'chmod(path, 0o644)',
      /stays small/,
    ],
  ]),
  ...plant('src/cli/history.ts', 'test/cli/shell.test.ts', [
    [
      'What was typed is open to everybody (security: 0600).',
      'appendFileSync(path, `${JSON.stringify(entry)}\\n`, { mode: 0o600 })',
      'appendFileSync(path, `${JSON.stringify(entry)}\\n`, { mode: 0o644 })',
      /owner only/,
    ],
    [
      'What was typed is kept without a bound (security: the last 1,000).',
      'if (lines.length > 2 * entriesMax)',
      'if (lines.length > 1e9)',
      /grows to a bound/,
    ],
  ]),
  ...plant('src/store/atomic-file.ts', 'test/query/cache.test.ts', [
    [
      'What a cache was made from is open to everybody (security: 0600).',
      "open(part, 'w', fileMode)",
      "open(part, 'w', 0o644)",
      /owner alone/,
    ],
  ]),
  ...plant('src/store/atomic-file.ts', boundsTest, [
    [
      'The file of a result is open to everybody (security: 0600).',
      'mode: fileMode, isSpecial: false',
      'mode: 0o644, isSpecial: false',
      /owner alone/,
    ],
    [
      'The file of a result that was there becomes its owner’s alone.',
      'mode: found.mode & 0o777',
      'mode: fileMode',
      /owner alone/,
    ],
  ]),
  ...plant('src/cli/simulate.ts', boundsTest, [
    [
      'The file of a simulation is open to everybody (security: 0600).',
      '{ mode: fileMode }',
      '{ mode: 0o644 }',
    ],
  ]),
  ...plant('src/local/table/database.ts', 'test/local/table/embedded.test.ts', [
    [
      'The items and changes of the table are open to everybody (security: 0600).',
      "open(path, 'a', 0o600)",
      "open(path, 'a', 0o644)",
      /its user alone/,
    ],
  ]),

  // A query is bounded in memory and on the disk, and asks for nothing beyond its folder.
  ...plant('src/query/database.ts', 'test/query/database.test.ts', [
    ['A query may fill the disk.', '    max_temp_directory_size: quoteText(parts.spillMax),\n', ''],
    ['A query may take all of the memory.', '    memory_limit: parts.memoryMax,\n', ''],
    [
      'What does not fit the memory is written beside the program.',
      '    temp_directory: quoteText(parts.spillFolder),\n',
      '',
    ],
    ['An extension may be loaded by itself.', "    autoload_known_extensions: 'false',\n", ''],
    ['An extension may be installed by itself.', "    autoinstall_known_extensions: 'false',\n", ''],
  ]),

  // No value of a record is in a message or in the log.
  ...plant('src/query/failure.ts', 'test/query/failure.test.ts', [
    [
      'DuckDB’s words about a row are passed on.',
      "saying ?? 'the statement fails on a row'",
      'saying ?? said',
      /fails on a row/,
    ],
    [
      'A line that DuckDB points at is shown, whoever wrote it.',
      'shown !== undefined && sql.includes(shown) ?',
      'shown !== undefined ?',
      /fails on a row|place of the statement/,
    ],
    [
      'A failed cast is shown, wherever its text came from.',
      'select === undefined || select.includes(quoteText(text)) ?',
      "select === undefined || text !== '' ?",
      /fails on a row/,
    ],
  ]),
  ...plant('src/sample/capture/app.ts', 'test/sample/capture/abuse.test.ts', [
    [
      'The log of the capture API holds identifiers.',
      'const route = context.req.routePath',
      'const route = context.req.path',
      /never an identifier/,
    ],
    [
      'The log of the capture API holds what a defect says.',
      "message: 'a request met a defect', error: error.name",
      "message: 'a request met a defect', error: error.message",
      /without a word/,
    ],
    [
      'A caller’s identifier may be anything.',
      'requestIdPattern.test(given) ? given',
      "given !== '' ? given",
      /request’s identifier/,
    ],
  ]),
  ...plant('src/sample/capture/server.ts', 'test/sample/capture/abuse.test.ts', [
    [
      'A page of another site may ask the capture API.',
      'origin !== undefined && origin !== `http://${host}`',
      'origin === `http://${host}/`',
      /other sites/,
    ],
    [
      'A foreign name may lead to the capture API.',
      '(isLocal && !loopback.has(name)) ||',
      "(isLocal && name === '') ||",
      /other sites/,
    ],
  ]),
  ...plant('src/local/alert/webhook.ts', 'test/local/alert/webhook.test.ts', [
    [
      'The URL of alerts is told, a token in it too.',
      'const { host } = new URL(options.url)',
      'const { href: host } = new URL(options.url)',
    ],
    ['Notices wait without a bound.', 'if (waiting >= queueMax)', 'if (waiting >= 1e9)', /bounded/],
  ]),

  // Settings are read once, and none that is misspelt is passed over.
  ...plant('src/settings.ts', 'test/settings.test.ts', [
    ['A setting that there is not is passed over.', 'z.strictObject(shape)', 'z.object(shape)'],
    ['Settings can be changed.', 'return Object.freeze(schema.parse(merged))', 'return schema.parse(merged)'],
    [
      'A message shows the address of alerts.',
      "return name === 'alertUrl' ? '' :",
      "return name === '' ? '' :",
    ],
    [
      'A variable that there is not is passed over.',
      '    if (!name)\n',
      '    if (!name) continue\n    if (!name)\n',
    ],
    [
      'A flag that was not given hides a variable.',
      "...check(defined(flags), 'flags',",
      "...check(flags, 'flags',",
    ],
  ]),

  // Delivering again writes the same bytes.
  ...plant('src/codec/container.ts', 'test/codec/container.test.ts', [
    [
      'Rows are compressed otherwise than before.',
      'deflateRawSync(written(block))',
      'deflateRawSync(written(block), { level: 1 })',
      /zlib’s defaults/,
    ],
  ]),
  ...plant('src/codec/container.ts', 'test/codec/golden.test.ts', [
    [
      'The header says another codec.',
      "['avro.codec', spec.codec]",
      "['avro.codec', 'deflate']",
      /byte for byte|avsc alike/,
    ],
  ]),
]
