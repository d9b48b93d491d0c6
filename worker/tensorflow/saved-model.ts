import { shapeProto } from './graph/attributes.js'
import { type Tensor, tensorName } from './graph/tensor.js'
import { type GraphDef, SavedModel, type SignatureDef, type TensorInfo } from './proto/gen/program.js'

/** A tensor that crosses the border of the session; -1 = a size known only at the call. */
export interface Port {
  readonly tensor: Tensor
  readonly shape: readonly number[]
}

/** One entry point of a program: what is fed and what is fetched, by name. */
export interface Signature {
  readonly inputs: Readonly<Record<string, Port>>
  readonly outputs: Readonly<Record<string, Port>>
}

/** The tag under which a session loads a program. */
export const servingTag = 'serve'

/** Bytes of a `saved_model.pb`: the graph and its entry points, no variables folder. */
export function encodeSavedModel(graphDef: GraphDef, signatures: Readonly<Record<string, Signature>>): Uint8Array {
  const signatureDef = Object.fromEntries(Object.entries(signatures).map(([name, signature]) => [name, signatureProto(signature)]))
  const metaInfoDef = { tags: [servingTag], tensorflowVersion: '' }
  return SavedModel.encode({ savedModelSchemaVersion: 1, metaGraphs: [{ metaInfoDef, graphDef, signatureDef }] }).finish()
}

function signatureProto({ inputs, outputs }: Signature): SignatureDef {
  return { inputs: portsProto(inputs), outputs: portsProto(outputs), methodName: '' }
}

function portsProto(ports: Readonly<Record<string, Port>>): Record<string, TensorInfo> {
  return Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, tensorInfo(port)]))
}

function tensorInfo({ tensor, shape }: Port): TensorInfo {
  return { encoding: { $case: 'name', value: tensorName(tensor) }, dtype: tensor.dtype, tensorShape: shapeProto(shape) }
}
