import type { Row } from './row.js'

const number = (value: number | null, digits: number): string => (value === null ? '-' : value.toFixed(digits))

const columns: readonly [title: string, cell: (row: Row) => string][] = [
  ['network', ({ encoding }) => encoding],
  ['batch', ({ batch }) => String(batch)],
  ['px', ({ resolution }) => String(resolution)],
  ['step ms', ({ stepMs }) => number(stepMs, 1)],
  ['p10 to p90', ({ spread }) => (spread.engine === undefined ? '-' : `${spread.engine.p10.toFixed(0)} to ${spread.engine.p90.toFixed(0)}`)],
  ['PyTorch', ({ torchStepMs }) => number(torchStepMs, 1)],
  ['ratio', ({ ratioToTorch }) => number(ratioToTorch, 2)],
  ['compiled', ({ torchCompileStepMs }) => number(torchCompileStepMs, 1)],
  ['eager tfjs', ({ eagerStepMs }) => number(eagerStepMs, 1)],
  ['ratio', ({ ratioToEager }) => number(ratioToEager, 2)],
  ['evaluation', ({ evaluationMs }) => number(evaluationMs, 1)],
  ['PyTorch', ({ torchEvaluationMs }) => number(torchEvaluationMs, 1)],
  ['ratio', ({ ratioToTorchEvaluation }) => number(ratioToTorchEvaluation, 2)],
  ['forward', ({ parts }) => number(parts.forwardMs, 1)],
  ['backward', ({ parts }) => number(parts.backwardMs, 1)],
  ['update', ({ parts }) => number(parts.updateMs, 1)],
  ['feed', ({ parts }) => number(parts.feedMs, 2)],
  ['loader', ({ parts }) => number(parts.loaderMs, 1)],
]

/** The table as Markdown, which reads well in a terminal too. */
export function tableOf(rows: readonly Row[]): string[] {
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, cell]) => cell(row)))]
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column].length)))
  const [head, ...body] = lines.map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`)
  return [head, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body]
}
