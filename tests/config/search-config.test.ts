import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseSearchConfig } from '../../shared/config/search-config.js'
import { defaultBounds } from '../../shared/space/bounds.js'

const examples = resolve(import.meta.dirname, '../../deploy/examples')

const parse = (text: string) => parseSearchConfig(text, '/etc/nasoa/search.yaml')

describe('the config of a search', () => {
  test('needs a data folder only; the rest has defaults', () => {
    const { config } = parse('data: {directory: /data}')
    expect(config).toMatchObject({
      name: 'search',
      objectives: ['top1', 'imagesPerSecond'],
      space: defaultBounds,
      search: { drainTime: 30_000 },
      workers: { local: 1, slots: 1 },
    })
  })

  test('a range may name one end only', () => {
    expect(parse('data: {directory: /data}\nspace: {blocks: {min: 12}}').config.space.blocks).toEqual({ min: 12, max: defaultBounds.blocks.max })
  })

  test('a relative data folder is relative to the file, also in the copy of the text', () => {
    const { config, text } = parse('# mine\ndata:\n  directory: images # here\n')
    expect(config.data.directory).toBe('/etc/nasoa/images')
    expect(text).toContain('# mine')
    expect(parseSearchConfig(text, '/elsewhere/copy.yaml').config).toEqual(config)
  })

  test.each([
    ['data: {directory: /d}\nspace: {operation: [0]}', /2:9: unknown key 'space\.operation'; did you mean 'operations'\?/],
    ['data: {directory: /d}\nspace:\n  operations: [0, 9]', /3:\d+: space\.operations\.1: /],
    ['data: {directory: /d}\nspace:\n  blocks: {min: 9, max: 3}', /space.*blocks has min 9 above max 3/],
    ['data: {directory: /d}\nspace:\n  stemChannels: [15]', /space.*stemChannels must be even/],
    ['data: {directory: /d}\nobjectives: [top1, speed]', /2:\d+: objectives\.1: /],
    ['data: {directory: /d}\nobjectives: [top1]', /objectives: /],
    ['data: {directory: /d}\nobjectives: [top1, top1]', /name each objective once/],
    ['data: {directory: /d}\nsearch: {population: 50, candidates: 20}', /search\.candidates: the budget must be at least the population/],
    ['data: {directory: /d}\nconstraints: [{name: speed, maximum: 1}]', /constraints\.0\.name: /],
    ['data: {directory: /d}\nconstraints: [{name: stepMs}]', /give it a minimum, a maximum or both/],
    ['data: {directory: /d}\nconstraints: [{name: stepMs, minimum: 2, maximum: 1}]', /its minimum lies above its maximum/],
    ['data: {directory: /d}\nconstraints: [{name: macs, maximum: 2}, {name: macs, minimum: 1}]', /name each measurement once/],
    ['data: {directory: /d}\nsearch: {initial: [020-_16_11-21, 9_]}', /search\.initial\.1: invalid encoding "9_"/],
    ['data: {directory: /d}\nsearch: {timeLimit: 4}', /search\.timeLimit: /],
    ['data: {directory: "builtin:cats"}', /the only built-in data/],
    ['data: {directory: /d}\nseed: 4294967296', /seed: /],
    ['data: {directory: /d}\nname: ../x', /name: /],
    ['training: {}', /data: /],
  ])('refuses %j', (text, expected) => {
    expect(() => parse(text)).toThrow(expected)
  })

  test.each(readdirSync(examples).filter((name) => name.endsWith('.yaml') && !/^(discovery|simulate)-/.test(name)))('the example %s is valid', (name) => {
    expect(() => parseSearchConfig(readFileSync(join(examples, name), 'utf8'), join(examples, name))).not.toThrow()
  })
})
