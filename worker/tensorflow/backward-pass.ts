import type { Layer, LayerGraph } from '../../shared/network/layer-graph.js'
import { inputsOf } from './forward-pass.js'
import { addAll } from './graph/arithmetic.js'
import type { Tensor } from './graph/tensor.js'
import type { Emission, EmissionContext } from './layers/emission.js'

/**
 * Emits the gradients of all trainable variables (through `context.gradient`), from that of the logits, in reverse order of
 * the layers. Nothing is emitted for layers below which nothing is trainable: frozen stages cost no backward pass.
 */
export function emitBackwardPass(
  context: EmissionContext,
  graph: LayerGraph,
  emissions: readonly Emission[],
  logitsGradient: Tensor,
  frozenStages: number,
): void {
  const wanted = layersWithGradient(graph, frozenStages)
  const incoming: Tensor[][] = graph.layers.map(() => [])
  incoming[graph.layers.length - 1].push(logitsGradient)
  for (const layer of [...graph.layers].reverse()) {
    if (!wanted[layer.id]) continue
    const toInputs = context.builder.scope(`gradient/${layer.name}`, () => backward(context, layer, emissions, incoming[layer.id], wanted))
    inputsOf(layer).forEach((id, position) => {
      if (wanted[id]) incoming[id].push(toInputs[position])
    })
  }
}

function backward(
  context: EmissionContext,
  layer: Layer,
  emissions: readonly Emission[],
  incoming: readonly Tensor[],
  wanted: readonly boolean[],
): readonly Tensor[] {
  const emit = emissions[layer.id].backward
  if (emit === null) throw new Error(`layer ${layer.name} has no gradient`)
  return emit(addAll(context.builder, incoming), inputsOf(layer).some((id) => wanted[id]))
}

/** For each layer, whether the gradient with respect to its output is needed. */
function layersWithGradient(graph: LayerGraph, frozenStages: number): boolean[] {
  const wanted: boolean[] = []
  for (const layer of graph.layers) {
    wanted.push((hasVariables(layer) && layer.stage >= frozenStages) || inputsOf(layer).some((id) => wanted[id]))
  }
  return wanted
}

function hasVariables(layer: Layer): boolean {
  return layer.kind === 'convolution' || layer.kind === 'batch_normalization' || layer.kind === 'fully_connected'
}
