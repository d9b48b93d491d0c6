import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { GroupCommit } from '../../coordinator/store/group-commit.js'
import { systemClock } from '../../shared/clock.js'

function recorder() {
  const written: number[][] = []
  const commits = new GroupCommit<number>({ write: (changes) => written.push([...changes]), clock: systemClock })
  return { written, commits }
}

describe('changes of a turn of the event loop', () => {
  it('are one commit, at the end of the turn, while there are few', async () => {
    const { written, commits } = recorder()
    for (const [first, second] of [[1, 2], [3, 4]]) {
      commits.record(first)
      commits.record(second)
      await commits.committed()
    }
    expect(written).toEqual([[1, 2], [3, 4]])
  })

  it('share a commit with those of the next turn while there are many, and no answer leaves before', async () => {
    const { written, commits } = recorder()
    const many = Array.from({ length: 100 }, (_, index) => index)
    many.forEach((change) => commits.record(change))
    await commits.committed()
    let isAnswered = false
    commits.record(100)
    const answered = commits.committed().then(() => (isAnswered = true))
    await nextTurn()
    expect(isAnswered).toBe(false)
    commits.record(101)
    await answered
    expect(written).toEqual([many, [100, 101]])
    // Few again: the next one waits for nobody.
    commits.record(102)
    await nextTurn()
    expect(written).toHaveLength(3)
  })
})
