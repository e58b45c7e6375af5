#!/usr/bin/env node
import { run } from '@holdfast/archiver'

process.exitCode = await run(process)
