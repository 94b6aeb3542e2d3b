#!/usr/bin/env node
import { systemIo } from './process.ts'
import { runProgram } from './program.ts'

// The only place that ends the process.
const io = systemIo(process)
process.exitCode = await runProgram(process.argv.slice(2), io)
