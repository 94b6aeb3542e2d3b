import { dialectBugs } from './dialect.ts'
import { type Bug, plant } from './plant.ts'
import { promiseBugs } from './promises.ts'

/** All tests of the file but one that takes seconds. */
const quickPlans = /^(?!ten thousand)/

/**
 * The bugs that `npm run test:planted` plants, one at a time. Each invariant of ARCHITECTURE.md and each promise of
 * docs/limits.md and docs/security.md that code keeps stands over the bugs that break it.
 */
export const bugs: readonly Bug[] = [
  // No record is in neither data/ nor errors/ once its batch is acknowledged. The worker counts.
  ...plant('src/delivery/worker.ts', 'test/delivery/worker.test.ts', [
    ['A batch that does not add up is acknowledged.', '  account(batch, delivery)\n', ''],
    [
      'Records of an object that cannot be written are dropped.',
      '  await eachBounded(failed, parts.putsParallel, ({ fallback }) => put(fallback.key, fallback.bytes()))\n',
      '',
    ],
    [
      'An error file that cannot be written is ignored.',
      '    put(key, bytes, tagOf(rejection.code)),\n  )\n',
      '    put(key, bytes, tagOf(rejection.code)).catch(() => {}),\n  )\n',
    ],
    [
      'An object that failed counts as written.',
      '      failed.push(object)\n',
      '      written.push(object)\n',
    ],
    [
      'The time that the call has left is ignored.',
      'Math.min(parts.putTimeoutMs, leftMs)',
      'parts.putTimeoutMs',
    ],
    ['The setting for the wait of a write is ignored.', 'Math.min(parts.putTimeoutMs, leftMs)', 'leftMs'],
    ['No time is kept for the error files.', 'const reserveMs = 2_000', 'const reserveMs = 0'],
    [
      'A write without a condition replaces what is there.',
      'condition: { ifAbsent: true }, signal,',
      'signal,',
    ],
    ['No tag is put on a new error file.', '...(tag && { tag })', '...{}'],
    [
      'Error files are written all at once.',
      'eachBounded(plan.errors, parts.putsParallel,',
      'eachBounded(plan.errors, 1e4,',
    ],
  ]),
  ...plant('src/delivery/handler.ts', 'test/delivery/handler.test.ts', [
    ['The worker does not learn how much time the call has.', 'timeLeftMs ? { timeLeftMs } : {}', '{}'],
    ['The context is lost on the way to its method.', '?.bind(context)', ''],
  ]),
  ...plant('src/delivery/expiry.ts', 'test/delivery/worker.test.ts', [
    ['A record without keys is taken for one with an item.', "  'KEYS_INVALID',\n", ''],
    ['A record that is no UTF-8 is taken for one with an item.', "  'NOT_UTF8',\n", ''],
    ['Every error file expires.', 'withoutItem.has(code) ? unattributable : undefined', 'unattributable'],
  ]),
  ...plant('src/store/bounded.ts', 'test/delivery/worker.test.ts', [
    ['A failure of one of many is swallowed.', '  if (failures.length > 0) throw failures[0]\n', ''],
    ['Everything is begun at once.', 'Math.min(limit, items.length)', 'items.length'],
  ]),
  ...plant(
    'src/delivery/plan.ts',
    'test/delivery/plan.test.ts',
    [
      ['A rejected record becomes no error file.', '      errors.push(planError(origin, record, row))\n', ''],
      [
        'Records of one type share an object, whatever their dates.',
        '`${row.type}/${row.partitionDate}`',
        '`${row.type}`',
      ],
      [
        'An error file is named by its change although its arrival is known.',
        'record.arrivedMs ?? changedMs ?? 0',
        'changedMs ?? record.arrivedMs ?? 0',
      ],
      [
        'An object is named by its change although its arrival is known.',
        'first.record.arrivedMs ?? first.row.changedMs',
        'first.row.changedMs',
      ],
      ['The number of deletes counts all rows.', 'row.isDeleted', 'true'],
      ['The header names the wrong count.', 'String(records.length)', 'String(records.length + 1)'],
      [
        'The header does not tell the last sequence number.',
        "['dmd.last', last.record.sequence]",
        "['dmd.last', first.record.sequence]",
      ],
    ],
    quickPlans,
  ),
  ...plant(
    'src/delivery/error-file.ts',
    'test/delivery/plan.test.ts',
    [
      ['The original of a record that is no UTF-8 is damaged.', "encoding: 'base64' }", "encoding: 'utf8' }"],
      [
        'The error file lacks the id of the change.',
        '...(changeId === undefined ? {} : { eventId: changeId })',
        '',
      ],
      ['The error file lacks the path.', '...(path === undefined ? {} : { path })', ''],
      [
        'The error file lacks the arrival.',
        'arrivedMs === undefined ? {} : { arrived: toIso(arrivedMs) }',
        '{}',
      ],
    ],
    quickPlans,
  ),

  // No clock and no chance decides a key or a byte. Two objects that hold different records never share a name.
  ...plant(
    'src/delivery/key.ts',
    'test/delivery/plan.test.ts',
    [
      [
        'Objects of two shards share a name.',
        'nameUuid([stream, shard, type, partitionDate, digest(records), ...replayed])',
        'nameUuid([stream, type, partitionDate, digest(records), ...replayed])',
      ],
      [
        'Objects of two streams share a name.',
        'nameUuid([stream, shard, type, partitionDate, digest(records), ...replayed])',
        'nameUuid([shard, type, partitionDate, digest(records), ...replayed])',
      ],
      [
        'The sequence number has no part in the name.',
        '`${Buffer.byteLength(sequence)}:${sequence}${payload.length}:`',
        '`${payload.length}:`',
      ],
      [
        'Payloads can run into one another.',
        '`${Buffer.byteLength(sequence)}:${sequence}${payload.length}:`',
        'sequence',
      ],
      [
        'The names of all objects are other ones than before.',
        "'5f0c1b1e8d6b5d0e9a3c7e4a2f6d8b10'",
        "'5f0c1b1e8d6b5d0e9a3c7e4a2f6d8b11'",
      ],
      [
        'The sync marker does not come from the key.',
        "createHash('sha256').update(key).digest().subarray(0, 16)",
        "createHash('sha256').digest().subarray(0, 16)",
      ],
      ['The UUID does not say its version.', '& 0x0f) | 0x50', '& 0x0f) | 0x40'],
    ],
    quickPlans,
  ),

  ...plant(
    'src/delivery/key.ts',
    'test/delivery/plan.test.ts',
    [
      [
        'A key is named by the time of the delivery.',
        '  const replayed = error === undefined ? [] : [error]\n  return `${toBasicIso(timestampMs)}-',
        '  const replayed = error === undefined ? [] : [error]\n  return `${toBasicIso(timestampMs && Date.now())}-',
      ],
    ],
    quickPlans,
  ),
  ...plant('src/codec/container.ts', 'test/codec/container.test.ts', [
    [
      'Blocks are closed later than before.',
      'const blockBytes = 65_536',
      'const blockBytes = 1_065_536',
      /64 KiB/,
    ],
  ]),

  // No code names a record type: a fifth type is a file.
  ...plant('src/codec/image.ts', 'test/fifth-type.test.ts', [
    [
      'Only the types of today are taken.',
      "typeof type === 'string' ? catalog.get(type) : undefined",
      "typeof type === 'string' && /^(demand|notification|event|sale)$/.test(type) ? catalog.get(type) : undefined",
    ],
  ]),

  // The stream's event: every record is read, in order, by shard.
  ...plant('src/codec/lambda-event.ts', 'test/codec/lambda-event.test.ts', [
    ['All shards of an event are one batch.', 'JSON.stringify([stream, shard])', 'JSON.stringify([stream])'],
    [
      'What is no base64 is skipped.',
      "bytes.length === Buffer.byteLength(data, 'base64') ? bytes : undefined",
      'bytes',
    ],
    ['The arrival is read as milliseconds.', 'Math.round(arrived * 1000)', 'Math.round(arrived)'],
    ['The time of DynamoDB Streams is read as milliseconds.', 'Math.round(seconds * 1000)', 'seconds'],
    [
      'A sequence number that is none is believed.',
      "/^\\d{1,60}$/.test(sequence) ? sequence : ''",
      'true ? sequence : sequence',
    ],
    [
      'An event of another source is taken.',
      '  if (!isChangeEvent(event)) {\n',
      '  if (!isObject(event) || !Array.isArray(event.Records)) {\n',
    ],
  ]),

  // Decoding: strict UTF-8, JSON, and an envelope whose unit and digits agree.
  ...plant('src/codec/envelope.ts', 'test/codec/envelope.test.ts', [
    [
      'Bytes that are no UTF-8 are repaired.',
      'fatal: true, ignoreBOM: true',
      'fatal: false, ignoreBOM: true',
    ],
    ['A byte-order mark is dropped from the original.', 'fatal: true, ignoreBOM: true', 'fatal: true'],
    [
      'Milliseconds are taken for microseconds.',
      'MILLISECOND: { micros: 1000, digits: 13 }',
      'MILLISECOND: { micros: 1, digits: 13 }',
    ],
    [
      'A time with digits of the other unit is believed.',
      'String(value).length === precision.digits',
      'String(value).length >= 13',
    ],
    [
      'A delete is read from the new image.',
      "operation === 'REMOVE' ? 'OldImage' : 'NewImage'",
      "operation === 'REMOVE' ? 'NewImage' : 'NewImage'",
    ],
    [
      'Every delete of a service is one of the TTL.',
      'userIdentity.principalId === expiryPrincipal',
      'userIdentity.principalId !== undefined',
    ],
    ['An operation that is none is believed.', " && operation !== 'REMOVE') {", " && operation === '') {"],
    [
      'The table is not kept.',
      "...(typeof table === 'string' && table !== '' ? { table: table.toWellFormed() } : {}),",
      '',
    ],
  ]),

  ...plant('src/codec/attribute.ts', 'test/codec/envelope.test.ts', [
    ['Keys are in the order in which they came.', 'Object.keys(keys).sort()', 'Object.keys(keys)'],
    ['A key may be empty.', "typeof value === 'string' && value !== ''\n", "typeof value === 'string'\n"],
  ]),

  // Nothing is coerced but dates; numbers keep their value; drift goes to `extra` and loses nothing.
  ...plant('src/codec/image.ts', 'test/codec/image.test.ts', [
    ['A required text may be empty.', "value === '' && field.type.kind === 'string'", 'value === 0'],
    ['A required field may be missing.', 'if (!field.hasDefault) reject(', "if (field.name === '') reject("],
    [
      'A number is taken for a text.',
      "tag === 'S' ? wellFormed(value as string, walk) : wrongType(walk, path, 'S', tag)",
      'wellFormed(String(value), walk)',
    ],
    ['An int overflows.', 'BigInt.asIntN(bits, integer) !== integer', 'false'],
    ['A long loses its last digits.', 'Number.isSafeInteger(number) ? number : integer\n}', 'number\n}'],
    ['Infinity is a number.', 'Number.isFinite(number) ? number', 'true ? number'],
    [
      'An unknown symbol is taken.',
      'if (type.symbols.includes(value as string)) return',
      'if (value) return',
    ],
    ['A NULL in a list is an item.', 'isNull(item) ? [] : [readValue', 'false ? [] : [readValue'],
  ]),
  ...plant('src/codec/image.ts', 'test/codec/extra.test.ts', [
    ['The keys of an item are data.', 'keys.has(name) || isKeyAttribute(name)', 'isKeyAttribute(name)'],
    [
      'What no schema models is lost.',
      '  walk.extra.set(freeName(pointer, walk.extra, walk.extraRepeats), text)\n',
      '',
    ],
    [
      'Numbers beyond the schema lose digits.',
      'return toJsonNumber(value as string)',
      'return String(Number(value))',
    ],
    ['A pointer to a name with a slash leads elsewhere.', "replace(/\\//g, '~1')", "replace(/\\//g, '/')"],
    [
      'Names alike after their repair replace one another.',
      'walk.extra.set(freeName(pointer, walk.extra, walk.extraRepeats), text)',
      'walk.extra.set(pointer, text)',
    ],
    ['Nesting has no bound (limits: 32 levels).', 'depth > depthMax', 'depth > 1e9'],
    ['Repaired texts are not counted.', '  walk.repairedTexts += 1\n', ''],
  ]),
  ...plant('src/codec/number.ts', 'test/codec/number.test.ts', [
    [
      'A fraction is cut off.',
      'if (zeros < 0 || digits.length + zeros > 40) return undefined',
      'if (digits.length + zeros > 40) return undefined',
    ],
    ['The sign is lost.', "BigInt(`${sign === '-' ? '-' : ''}${digits}", 'BigInt(`${digits}'],
    ['The exponent is lost in JSON.', "${exponent ? `e${exponent}` : ''}", ''],
  ]),
  ...plant('src/record/date.ts', 'test/record/date.test.ts', [
    ['An offset counts the wrong way.', "sign === '-' ? -1 : 1", "sign === '-' ? 1 : -1"],
    ['31 April is 1 May.', 'date.getUTCDate() === day && date.getUTCMonth() === month - 1', 'true'],
    [
      'A fraction is rounded.',
      "fraction.slice(0, 3).padEnd(3, '0'))\n  const offset",
      "fraction.slice(0, 4).padEnd(3, '0'))\n  const offset",
    ],
    ['An hour may be 24.', 'Number(hour) > 23', 'Number(hour) > 24'],
    ['11 digits are an epoch.', '^(\\d{10}|\\d{13})', '^(\\d{10,11}|\\d{13})'],
    [
      'A date follows the time zone of the machine.',
      'date.setUTCFullYear(year, month - 1, day)\n  return date',
      'date.setFullYear(year, month - 1, day)\n  return date',
    ],
  ]),

  // Deletes: marked, dated, personal data redacted, in the partition of the item (security: what deletion reaches).
  ...plant('src/delivery/row.ts', 'test/delivery/row.test.ts', [
    ['A delete keeps its personal data.', 'isDeleted ? toDeleted(whole, schema, changedMs) : whole', 'whole'],
    [
      'A delete keeps what no schema models.',
      'isDeleted ? redactAll(image.extra, schema.own) : image.extra',
      'image.extra',
    ],
    [
      'Sequence numbers do not compare as texts.',
      "origin.sequence.padStart(sequenceDigits, '0')",
      'origin.sequence',
    ],
    [
      'The partition that an item comes from is not kept.',
      'previousPartition: previousPartition(change, schema, placed.date, changedMs, rules)',
      'previousPartition: null',
    ],
    ['The actor of a delete is not kept.', 'actor: change.actor ?? null', 'actor: null'],
    [
      'The reference has the time of the change alone.',
      'firstInstant(isDeleted ? withTime(live, changedMs) : dated, schema.timestamp) ?? changedMs',
      'changedMs',
    ],
  ]),
  ...plant('src/record/rules.ts', 'test/record/rules.test.ts', [
    [
      'A personal field deep in a record is not redacted.',
      'return scrub(type, value as RecordValue)',
      'return value',
    ],
    [
      'A personal field in a list is not redacted.',
      'map((item) => scrubInside(type.items, item))',
      'map((item) => item)',
    ],
    [
      'A personal map keeps its names.',
      '      return new Map()\n  }\n}\n\n/** True for a type whose values',
      '      return value\n  }\n}\n\n/** True for a type whose values',
    ],
  ]),

  ...plant('src/record/rules.ts', 'test/delivery/row.test.ts', [
    ['A date before the range is taken.', 'date >= range.from && date <=', 'date <='],
    [
      'An absent personal value looks as if it had been there.',
      'function redact(type: Type, value: Value): Value {\n  if (value === null) return null\n',
      'function redact(type: Type, value: Value): Value {\n',
    ],
    [
      'A date beyond the range is taken.',
      ' && date <= toUtcDate(addYears(changedMs, range.yearsAhead))\n}',
      '\n}',
    ],
    ['The range begins a day late.', 'date >= range.from && date <=', 'date > range.from && date <='],
  ]),
  ...plant('src/delivery/row.ts', 'test/delivery/row.test.ts', [
    [
      'Live records lose their personal data.',
      'isDeleted ? toDeleted(whole, schema, changedMs) : whole',
      'toDeleted(whole, schema, changedMs)',
    ],
  ]),
  ...plant('src/delivery/row.ts', 'test/codec/envelope.test.ts', [
    [
      'The time of a change without one is taken from 1970.',
      'origin.arrivedMs === undefined ? undefined : origin.arrivedMs * 1000',
      '(origin.arrivedMs ?? 0) * 1000',
    ],
  ]),

  // No value of a record is in a log line, a metric, an error message or a file name.
  ...plant('src/record/rules.ts', 'test/record/rules.test.ts', [
    [
      'The names of a personal map are kept beside a delete.',
      "return isPersonal ? '*' : step",
      'return step',
    ],
  ]),
  ...plant('src/codec/image.ts', 'test/canary.test.ts', [
    [
      'The message of a wrong date quotes it.',
      "'no ISO-8601 date that exists'",
      '`no ISO-8601 date: ${text}`',
    ],
    ['The message of an unknown attribute names it.', '      `${path}/*`,\n', '      `${path}/${name}`,\n'],
  ]),
  // No record type of the canary has a map, so the test has a type of its own.
  ...plant('src/codec/image.ts', 'test/codec/image.test.ts', [
    ['The path of a bad entry of a map names it.', '`${path}/*`, walk))', '`${path}/${name}`, walk))'],
  ]),
  ...plant('src/codec/envelope.ts', 'test/canary.test.ts', [
    [
      'The message of what is no JSON quotes it.',
      "reject('NOT_JSON', 'the payload is not JSON')",
      "reject('NOT_JSON', `the payload is not JSON: ${text}`)",
    ],
  ]),
  ...plant('src/delivery/worker.ts', 'test/delivery/worker.test.ts', [
    [
      'Every rejection is a line of the log (limits: 100 a batch).',
      'const loggedRejectionsMax = 100',
      'const loggedRejectionsMax = 1e9',
    ],
  ]),
  ...plant('src/errors/mask.ts', 'test/errors/mask.test.ts', [
    ['Personal values are shown.', 'field && !field.pii ? maskAttribute', 'field ? maskAttribute'],
    ['The values of keys are shown.', 'mapObject(inner, (_, key) => hide(key))', 'inner'],
    ['Members that are not known are shown.', 'return isKept ? value : masked', 'return value'],
    ['A value out of its place is shown.', 'isShown(type, value) ? value : masked', 'value'],
  ]),

  // Avro: what is damaged is refused, by its byte, and never answered.
  ...plant('src/codec/container.ts', 'test/codec/container.test.ts', [
    [
      'Another sync marker is believed.',
      '    if (!slice(reader, syncBytes).equals(sync))\n',
      '    if (slice(reader, syncBytes).length === 0)\n',
    ],
    [
      'Bytes behind the rows of a block are ignored.',
      '    if (block.offset !== block.buffer.length) throw',
      '    if (block.offset > block.buffer.length) throw',
    ],
    [
      'A file that is none is read.',
      '!slice(reader, magic.length).equals(magic)',
      'slice(reader, magic.length).length === 0',
    ],
    ['A negative count of rows is taken.', 'if (rows < 0) throw', 'if (rows < -1e12) throw'],
    ['A block inflates without a bound (limits: 256 MiB).', 'maxOutputLength: inflatedBytesMax, ', ''],
    ['The last rows are lost.', '  if (count > 0) writeBlock(file, spec, block, count)\n', ''],
  ]),
  ...plant('src/codec/avro.ts', 'test/codec/container.test.ts', [
    ['A length beyond the end is believed.', 'length < 0 || end > reader.buffer.length', 'length < 0'],
    [
      'An integer may have any number of bytes.',
      "  throw corrupt(reader, 'an integer has more than 10 bytes')",
      '  return 0',
    ],
  ]),
  ...plant('src/codec/avro.ts', 'test/record/resolve.test.ts', [
    [
      'A large long is read without its sign.',
      '(zigzag >> 1n) ^ -(zigzag & 1n)',
      'zigzag >> 1n',
      /written as/,
    ],
  ]),

  // No object is visible in part; what exists is never written again; several processes may write at once.
  ...plant('src/store/write.ts', 'test/store/directory.test.ts', [
    ['A creation replaces what is there.', '    await link(temp, path)\n', '    await rename(temp, path)\n'],
    [
      'A replacement does not look at what it replaces.',
      '  if (ifMatch !== undefined && !isSameFile(current, ifMatch)) return false\n  if (current',
      '  if (current',
    ],
    [
      'A delete does not look at what it deletes.',
      'found !== undefined && (ifMatch === undefined || isSameFile(found, ifMatch))',
      'found !== undefined',
    ],
    ['A file that is replaced leaves its temp file.', '    await discard(temp.path)\n', ''],
    ['An ETag may come again.', 'temp.stat.mtimeNs <= current.mtimeNs', 'false'],
    [
      'A delete does not wait until its inode may be used.',
      '    await outlive(archive, current)\n    await unlink(path)',
      '    await unlink(path)',
    ],
  ]),
  ...plant('src/store/scratch.ts', 'test/store/crash.test.ts', [
    [
      'An object has its name before it is on the disk.',
      '    await handle.sync()\n',
      '',
      /finds everything synced/,
    ],
  ]),
  ...plant('src/store/write.ts', 'test/store/crash.test.ts', [
    [
      'The name of an object is not on the disk.',
      "  if (outcome.outcome !== 'changed') await syncFolder(dirname(path))\n",
      '',
      /finds everything synced|finds an object durable/,
    ],
  ]),
  ...plant('src/store/folder.ts', 'test/store/crash.test.ts', [
    [
      'The folder of an object is not on the disk.',
      '      await syncFolder(dirname(folder))\n',
      '',
      /finds everything synced/,
    ],
  ]),
  ...plant('src/store/atomic-file.ts', 'test/store/atomic-file.test.ts', [
    [
      'A file has its name before it is on the disk.',
      '      if (isDurable) await handle.sync()\n',
      '',
      /synced before/,
    ],
    [
      'The name of a file is not on the disk.',
      '  if (isDurable) await syncFolder(dirname(path))\n',
      '',
      /synced before/,
    ],
    [
      'A file is written over the one before it.',
      'part = `${path}.part` }: ReplaceOptions',
      'part = path }: ReplaceOptions',
      /killed|whole/,
    ],
    [
      'What a failed write left stays beside the file.',
      '    await rm(part, { force: true }).catch(() => undefined)\n',
      '',
      /full/,
    ],
  ]),
  ...plant('src/local/table/commit.ts', 'test/local/table/embedded.test.ts', [
    [
      'Any number of writes may wait for the disk.',
      'if (queue.length >= queueMax) throw',
      'if (queue.length < 0) throw',
    ],
  ]),
  ...plant('src/store/mode.ts', 'test/store/directory.test.ts', [
    ['Files are open to everybody (security: 0600).', '0o600', '0o644'],
    ['Folders are open to everybody (security: 0700).', '0o700', '0o755'],
  ]),
  ...plant('src/store/scratch.ts', 'test/store/race.test.ts', [
    [
      'What another host left is removed at once (limits: 24 hours).',
      '> foreignAgeNsMax',
      '> 0n',
      /of another host|sweeps/,
    ],
    [
      'The lock of a living process is broken.',
      "(await fateOf(name)) !== 'dead'",
      "(await fateOf(name)) === 'unknown'",
      /living process/,
    ],
  ]),
  ...plant('src/store/owner.ts', 'test/store/race.test.ts', [
    [
      'A pid that is used again keeps a lock.',
      'start === undefined || start === match[3]',
      'true',
      /in use again/,
    ],
  ]),
  ...plant('src/store/s3/call.ts', 'test/store/s3.test.ts', [
    ['What is refused is tried again.', '!isRetryable(failed) || number', 'number', /refused/],
    ['What fails is tried for ever.', ' || number >= attemptsMax', ' || number >= 50', /so many attempts/],
    [
      'A long answer is cut off.',
      'abortSignal, alive })',
      'abortSignal, alive: () => {} })',
      /as long as bytes/,
    ],
    [
      'A large object has no more time than a small one.',
      'timeoutMs + sizeBytes / bytesPerMsMin',
      'timeoutMs',
      /of many bytes/,
    ],
    [
      'A stopped call goes on.',
      '        checkSignal(signal)\n        if',
      '        if',
      /ends at once|stopped/,
    ],
  ]),

  // No error file is in the data in two versions: who replays it is written, once, before what it becomes.
  ...plant('src/errors/replay.ts', 'test/errors/replay.test.ts', [
    [
      'Of two edits the later one wins.',
      "if (compared?.outcome !== 'there') return compared ?? unreadable(key)",
      '',
      /another edit|refused/,
    ],
    [
      'Who replays an error is not written by create-if-absent.',
      'writeJson(claim), {\n      condition: { ifAbsent: true },\n    })',
      'writeJson(claim))',
      /another edit/,
    ],
    [
      'It is not written who replayed an error.',
      'format: 1, error: key, replay: id, by, at: toIso(clock()), edit',
      "format: 1, error: key, replay: id, by: '', at: toIso(clock()), edit",
      /says in replays/,
    ],
    [
      'It is not written with which edit an error was replayed.',
      'at: toIso(clock()), edit: edit.summary },\n    objects',
      "at: toIso(clock()), edit: { kind: 'none' } },\n    objects",
      /says in replays/,
    ],
    [
      'The error files of a batch are not written down.',
      '...(plan.errors.length > 0 ? { errors: plan.errors } : {}),\n  }\n  try',
      '}\n  try',
      /what the worker would have made/,
    ],
    [
      'A replay writes over what is there.',
      'bytes, { condition: { ifAbsent: true }, ...(tag && { tag }) })',
      'bytes, { ...(tag && { tag }) })',
      /stays as it is/,
    ],
    [
      'The selection is not written down first.',
      "if (begun !== 'stored') throw",
      'if (false) throw',
      /of an id/,
    ],
    [
      'The bound on tries does not hold (limits: 5).',
      'tried >= triesMax && !force',
      'false',
      /five tries|killed counts/,
    ],
    [
      'What could not be written counts as done.',
      "outcome === 'written' || outcome === 'there'",
      "outcome !== 'untried'",
      /stays open|tagged/,
    ],
    [
      'What is left of a replay is not written down.',
      'if (unwritten.length > 0)\n',
      'if (unwritten.length < 0)\n',
      /stays open/,
    ],
    [
      'A replay that was stopped goes on.',
      "signal?.aborted ? result(key, 'untried') : await work(key)",
      'await work(key)',
      /stopped/,
    ],
    [
      'The order of a selection decides its digest.',
      '[...new Set(keys)].sort()',
      '[...new Set(keys)]',
      /frozen/,
    ],
    [
      'What was replayed is not tagged.',
      'results.filter(isDone).map(({ error }) => error),\n    handled,',
      '[],\n    handled,',
      /tagged/,
    ],
  ]),
  ...plant('src/errors/replay-plan.ts', 'test/errors/replay.test.ts', [
    [
      'Of a batch of several shards only the first is replayed.',
      'failed.batches.map((batch)',
      'failed.batches.slice(0, 1).map((batch)',
      /shards/,
    ],
    [
      'A replayed record loses its arrival.',
      'arrivedMs === undefined ? {} : { arrivedMs }',
      '{}',
      /keeps its arrival/,
    ],
    [
      'A replayed record loses its sequence number.',
      'return { payload, sequence, ',
      "return { payload, sequence: '0', ",
      /keeps the time/,
    ],
    [
      'What fails again becomes a further error file.',
      "  if (rejection) return { ok: false, why: { outcome: 'fails', ...rejection } }\n",
      '',
      /fails again/,
    ],
    [
      'Sound records take an edit.',
      "if (edit.summary.kind !== 'none') return unedited('its",
      "if (false) return unedited('its",
      /no edit is taken/,
    ],
    [
      'A replayed record is not named after its error file.',
      'records: [record], error: key }',
      'records: [record] }',
      /keeps the time/,
    ],
    [
      'Error files of a replayed batch carry no tag.',
      'key, bytes, tag: tagOf(rejection.code)',
      'key, bytes',
      /tags the error files/,
    ],
  ]),
  ...plant('src/errors/history.ts', 'test/errors/replay.test.ts', [
    ['A replay that was killed leaves nothing open.', ' || unfinished.has(key)', '', /killed|stays open/],
    ['A try that was killed does not count.', '    if (!report) for', '    if (report) for', /killed counts/],
    [
      'Two error files share a provenance.',
      "nameUuid(['replay', error])",
      "nameUuid(['replay'])",
      /provenance of its own/,
    ],
  ]),
  ...plant('src/errors/status.ts', 'test/errors/triage.test.ts', [
    [
      'A word on a cause writes over another one.',
      "Buffer.from(text, 'utf8'), { condition: { ifAbsent: true } })",
      "Buffer.from(text, 'utf8'))",
      /writes over nothing/,
    ],
  ]),
  ...plant('src/errors/status.ts', 'test/errors/triage.test.ts', [
    [
      'An error that comes again after a fix is not told.',
      "last.status === 'fixed' && isMore ? 'regressed' : last.status",
      'last.status',
      /fix|regress|again/,
    ],
  ]),

  // Mapping: at least once, in order for each key, within its bounds, durable before it acts.
  ...plant('src/local/mapping/deliver.ts', 'test/local/mapping/deliver.test.ts', [
    [
      'A batch that could be stored nowhere counts as discarded.',
      "log({ level: 'error', message: 'batch not given up: it could not be stored', shard, code })\n    return false",
      "log({ level: 'error', message: 'batch not given up: it could not be stored', shard, code })\n    return true",
    ],
    [
      'A batch is given up by its youngest record.',
      'Math.min(oldest, arrivedMs),\n    Number.POSITIVE_INFINITY',
      'Math.max(oldest, arrivedMs),\n    0',
    ],
    [
      'A batch is given up later than the setting says.',
      'clock() - oldestMs > settings.recordAgeMaxMs',
      'clock() - oldestMs > 2 * settings.recordAgeMaxMs',
    ],
    [
      'A delivery that is stopped counts as done.',
      'if (waiter.isStopped()) return false',
      'if (waiter.isStopped()) return true',
    ],
  ]),
  ...plant('src/local/mapping/checkpoint.ts', 'test/local/mapping/checkpoint.test.ts', [
    ['A checkpoint need not survive a power cut.', 'isDurable: true', 'isDurable: false'],
    ['The checkpoint of another shard is believed.', ' || found.data.shard !== shard', ''],
  ]),
  ...plant('src/local/mapping/track.ts', 'test/local/mapping/track.test.ts', [
    [
      'The position passes what is not finished.',
      '      if (!isDone(sequence, lanes[lane] as Lane)) return\n',
      '',
    ],
    ['What a lane has finished is not remembered.', '      lane.done = lane.cut.last\n', ''],
    [
      'A batch may hold any number of bytes.',
      'if (bytes > limits.bytes && at > 0) return at',
      'if (bytes < 0 && at > 0) return at',
    ],
    [
      'A batch may hold one record more.',
      'if (at + 1 === limits.records) return at + 1',
      'if (at === limits.records) return at + 1',
    ],
    [
      'A batch that was cut is cut otherwise after a restart.',
      'if (end >= 0) return end',
      'if (end >= 0) return all',
    ],
    ['What is delivered is delivered again.', '        if (isDone(record.sequence, lane)) continue\n', ''],
    ['A batch waits for ever.', 'nowMs >= lane.sinceMs + limits.windowMs', 'false'],
  ]),
  ...plant('src/local/mapping/shard.ts', 'test/local/mapping/mapping.test.ts', [
    [
      'A batch is delivered before its cut is on the disk.',
      '    await save()\n    let failed = 0',
      '    let failed = 0',
      /checkpoint that cannot/,
    ],
    [
      'Reading goes on without a bound.',
      'records >= heldMax.records || bytes >= heldMax.bytes',
      'false',
      /no more than twice/,
    ],
  ]),
  ...plant('src/codec/failed-batch.ts', 'test/codec/failed-batch.test.ts', [
    [
      'The payload of a discarded batch is not kept.',
      'payload: JSON.stringify(toKinesisEvent(records, arn, shard))',
      "payload: ''",
    ],
    [
      'A discarded batch has a key for each try.',
      'const name = uuidOf([arn,',
      'const name = uuidOf([String(calls), arn,',
    ],
  ]),
  ...plant('src/local/mapping/slot.ts', 'test/local/mapping/mapping.test.ts', [
    [
      'Two partition keys change places with the number of records.',
      "createHash('md5').update(partitionKey)",
      "createHash('md5').update(String(Math.random()))",
      /order of each key/,
    ],
  ]),

  // Capture bounds every wait and size of a request.
  ...plant('src/sample/capture/body.ts', 'test/sample/capture/readbody.test.ts', [
    ['A slow body is waited for for ever.', 'timer(bodyWaitMs,', 'timer(2 ** 31 - 1,'],
    ['A body that has come leaves its timer.', '      stop()\n', ''],
    [
      'A body may hold any number of bytes.',
      'finish(bytes > bodyBytesMax ? refuse(large)',
      'finish(bytes < 0 ? refuse(large)',
    ],
    [
      'A body may be nested to any depth.',
      'if (depth > depthMax) return true',
      'if (depth > 1e9) return true',
    ],
  ]),

  // Table: what is acknowledged is on the disk.
  ...plant('src/local/table/database.ts', 'test/local/table/database.test.ts', [
    [
      'A write is acknowledged before it is on the disk.',
      '      await sync()\n      state = next\n',
      '      state = next\n',
      /a sync/,
    ],
    [
      'A write is read before it is on the disk.',
      'item: (key) => before.get(key) ?? select.item(key)',
      'item: (key) => select.item(key)',
      /under way/,
    ],
    [
      'A database without its newest changes is opened.',
      'if (bytes && !wal && header',
      'if (bytes && bytes < 0 && header',
      /missing/,
    ],
  ]),
  ...plant('src/local/table/rows.ts', 'test/local/table/database.test.ts', [
    [
      'A damaged item is read.',
      'if (crc !== itemCrc(key, row)) throw',
      'if (crc === undefined) throw',
      /damaged anywhere/,
    ],
  ]),
  ...plant('src/local/table/wal.ts', 'test/local/table/database.test.ts', [
    [
      'Acknowledged changes behind damage are dropped.',
      'return commits > 1',
      'return commits > 1e9',
      /before changes that were acknowledged/,
    ],
    [
      'What a power cut left of the last transaction counts as damage.',
      'return commits > 1',
      'return commits > 0',
      /power cut|was cut/,
    ],
  ]),
  ...plant('src/local/table/sweep.ts', 'test/local/table/embedded.test.ts', [
    [
      'Readers are not told of changes that were dropped before they read them.',
      '[shard, position]',
      '[shard, -1]',
      /retention/,
    ],
  ]),

  // A statement reads tables and does nothing else.
  ...plant('src/query/database.ts', 'test/query/database.test.ts', [
    ['Files outside the folder can be read.', "    enable_external_access: 'false',\n", ''],
    ['Settings can be changed.', "  await trusted.run('SET GLOBAL lock_configuration = true')\n", ''],
    ['Another folder than its own is open too.', '`[${quoteText(parts.folder)}]`', "`['/']`"],
    [
      'The time zone is that of the machine.',
      "    TimeZone: quoteText('UTC'),\n",
      "    TimeZone: quoteText('Asia/Tokyo'),\n",
    ],
  ]),
  ...plant('src/query/duckdb/engine.ts', 'test/query/time.test.ts', [
    [
      'Time passes between the choice of partitions and the statement.',
      '      await holdTime(connection, reads, loaded)\n',
      '',
    ],
    ['Midnight between them is not noticed.', '    throw new TimeMoved()\n', '    return\n'],
  ]),
  // A deadline, an abort and the bound of memory hold, whatever the statement is.
  ...plant('src/query/duckdb/statement.ts', 'test/query/duckdb/isolated.test.ts', [
    [
      'A process that does not end its statement is waited for.',
      '    stopGrace ??= runtime.timer(parts.graceMs, worker.kill)\n',
      '',
      /once its time has passed/,
    ],
    [
      'A process that holds too much memory goes on.',
      '    ended ??= { error: passedMemory(parts.memoryMax) }\n    worker.kill()\n',
      '',
      /more memory than its share/,
    ],
    [
      'What a process leaves that is ended stays in the cache.',
      '    await parts.clean()\n',
      '',
      /leaves nothing, and the next/,
    ],
  ]),
  ...plant('src/query/duckdb/child.ts', 'test/query/duckdb/isolated.test.ts', [
    [
      'Rows are sent whether or not somebody reads them.',
      '  own.rowsLeft -= 1\n',
      '',
      /only so many messages/,
    ],
  ]),
  ...plant('src/query/duckdb/worker.ts', 'test/query/duckdb/isolated.test.ts', [
    [
      'The process of a statement has the credentials of the one that asks.',
      '    env: Object.fromEntries(variables),\n',
      '    env: { ...process.env, ...Object.fromEntries(variables) },\n',
      /no credentials/,
    ],
  ]),
  ...plant('src/query/duckdb/child.ts', 'test/query/duckdb/ends.test.ts', [
    [
      'The process of a statement outlives the one that asked.',
      "process.on('disconnect', () => leave(true))\n",
      "process.on('disconnect', () => {})\n",
      /is killed, and leaves nothing/,
    ],
    [
      'The process of a statement leaves its files in the cache.',
      '    for (const name of names) rmSync',
      '    for (const name of names.slice(0, 0)) rmSync',
      /is killed, and leaves nothing/,
    ],
    [
      'A Ctrl-C ends the process of the statement, and not the statement.',
      "process.on('SIGINT', () => {})\n",
      '',
      /the first Ctrl-C/,
    ],
  ]),
  ...plant('src/cli/process.ts', 'test/query/duckdb/ends.test.ts', [
    [
      'A second Ctrl-C does nothing.',
      "    if (interrupt.signal.aborted) system.kill(system.pid, 'SIGKILL')\n",
      '',
      /a second Ctrl-C/,
    ],
  ]),
  ...plant('src/query/format.ts', 'test/query/format.test.ts', [
    ['A formula in a CSV is left as it is.', "    return quoteCsv(`'${text}`)", '    return quoteCsv(text)'],
    ['An empty text in a CSV looks like NULL.', "text === '' || /", '/'],
    ['A quote in a CSV ends its field.', ".replaceAll('\"', '\"\"')", ''],
  ]),
  ...plant('src/cli/io.ts', 'test/cli/terminal.test.ts', [
    ['Text of strangers steers the terminal.', '[\\p{Cc}\\p{Cf}\\p{Cs}\\u2028\\u2029]', '[\\u2028\\u2029]'],
    [
      'Text is shown as it is where people look at it.',
      '  if (!isShown) return out\n',
      '  if (isShown || !isShown) return out\n',
    ],
  ]),
  ...plant('src/query/masked.ts', 'test/query/masked.test.ts', [
    [
      'A masked view shows personal data.',
      'if (field.pii) return [`CASE',
      "if (field.name === '') return [`CASE",
    ],
    [
      'A masked view shows what no schema models.',
      "if (field.name === 'extra') return",
      "if (field.name === '') return",
    ],
  ]),
  ...plant('src/query/files.ts', 'test/query/ingest.test.ts', [
    [
      'A hidden file is one of the table.',
      '    if (hiddenPattern.test(key)) continue\n',
      '',
      /only the Avro files/,
    ],
    [
      'A folder of a day that there is not is a partition.',
      ' && parseLocalDate(partition) !== undefined)',
      ')',
      /of a wrong name/,
    ],
  ]),
  ...dialectBugs,
  ...promiseBugs,
]
