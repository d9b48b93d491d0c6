/** A released network of the search space, at 224 pixels and 1,000 classes. */
export interface ReferenceNetwork {
  readonly encoding: string
  readonly params: number
  readonly macs: number
  readonly activations: number
  /** ImageNet validation accuracy after full training, 0..1. */
  readonly top1: number
}

/**
 * From the model zoo of huawei-noah/vega (D-Net), Apache-2.0; params, MACs (of convolutions and the fully connected layer) and
 * activations counted exactly.
 */
export const referenceNetworks: readonly ReferenceNetwork[] = [
  { encoding: '2-_32_2-11-112-1121112', params: 2_615_320, macs: 229_113_856, activations: 1_274_216, top1: 0.6206 },
  { encoding: '2-_32_2-11-1212-111112', params: 3_163_032, macs: 290_529_280, activations: 1_380_840, top1: 0.6449 },
  { encoding: '011-_32_2-1-221-11121', params: 4_373_784, macs: 384_057_344, activations: 1_562_728, top1: 0.6771 },
  { encoding: '010-_64_1-211-2-11112', params: 5_801_864, macs: 929_771_520, activations: 2_133_480, top1: 0.7023 },
  { encoding: '011-_32_2-121-1121-11112111', params: 7_590_296, macs: 659_423_232, activations: 2_095_848, top1: 0.7127 },
  { encoding: '2-_64_2-211-2-11112', params: 10_467_912, macs: 1_456_930_816, activations: 3_036_648, top1: 0.7191 },
  { encoding: '020-_64_1-211-2-11112', params: 10_817_608, macs: 1_652_305_920, activations: 2_447_080, top1: 0.7293 },
  { encoding: '10001-_48_41-1-221-11121', params: 11_796_016, macs: 1_214_490_624, activations: 5_034_280, top1: 0.7609 },
  { encoding: '333-a01_64_111-2111-211111-211', params: 13_467_336, macs: 2_339_516_416, activations: 8_079_336, top1: 0.7686 },
  { encoding: '31311-a02a12_64_211-2111-211111-211', params: 14_173_768, macs: 2_317_549_568, activations: 8_455_656, top1: 0.7804 },
  { encoding: '421-_64_4-11-1212-111112', params: 17_442_376, macs: 1_694_384_128, activations: 6_523_880, top1: 0.7641 },
  { encoding: '031-_32_1-1211-112111112-22', params: 19_128_920, macs: 1_573_539_840, activations: 2_472_168, top1: 0.7521 },
  { encoding: '031-_64_11-211-121-11111121', params: 20_170_056, macs: 2_625_318_912, activations: 4_077_800, top1: 0.7652 },
  { encoding: '011-_64_21-211-121-11111121', params: 21_418_056, macs: 2_612_985_856, activations: 4_692_456, top1: 0.7687 },
  { encoding: '031-_64_1-1211-112111112-2', params: 25_145_032, macs: 3_916_759_040, activations: 4_541_928, top1: 0.7791 },
  { encoding: '031-_64_11-11211-112111112-2', params: 25_309_640, macs: 4_237_885_440, activations: 5_294_568, top1: 0.7824 },
  { encoding: '031-_64_1-12112-111111112-2', params: 28_474_312, macs: 5_011_800_064, activations: 5_470_184, top1: 0.7896 },
  { encoding: '02031-a02_64_112-1-11111111121112-1', params: 29_382_984, macs: 6_902_722_560, activations: 10_437_608, top1: 0.7953 },
  { encoding: '211-_64_4-11-1212-111112', params: 30_762_568, macs: 2_719_981_568, activations: 5_520_360, top1: 0.7828 },
  { encoding: '011-_128_111-21111-111112111121-111', params: 36_172_072, macs: 6_727_819_264, activations: 7_878_632, top1: 0.7976 },
  { encoding: '201-a01_64_4-121-1121-11112111', params: 41_831_880, macs: 3_641_614_336, activations: 7_176_168, top1: 0.7937 },
  { encoding: '011-_128_1-11111211211-111111112111-1', params: 42_207_144, macs: 10_876_772_352, activations: 9_609_704, top1: 0.8039 },
  { encoding: '10001-_64_4-111111111-211112111112-11111', params: 44_001_352, macs: 5_330_739_200, activations: 10_939_368, top1: 0.8092 },
  { encoding: '201-a01_64_41-121-11121-111112111', params: 44_073_672, macs: 4_142_571_520, activations: 8_606_184, top1: 0.7976 },
  { encoding: '011-_64_211-2111-21111111111111111111111-211', params: 46_100_936, macs: 8_303_345_664, activations: 8_455_656, top1: 0.8023 },
  { encoding: '32341-a02c12_64_111-2111-21111111111111111111111-211', params: 47_827_528, macs: 8_667_312_128, activations: 23_508_456, top1: 0.8167 },
  { encoding: '011-_128_1-111121111211111-1111111121111-1', params: 51_964_456, macs: 15_436_767_232, activations: 12_168_680, top1: 0.8127 },
  { encoding: '23311-a02c12_64_211-2111-211111-211', params: 66_870_984, macs: 11_013_652_480, activations: 12_595_176, top1: 0.8166 },
  { encoding: '02031-a02_64_111-2111-21111111111111111111111-211', params: 72_439_880, macs: 13_132_574_720, activations: 14_577_128, top1: 0.8138 },
  { encoding: '02031-a02_64_1121-11111111111111111111111111-211111121111-1', params: 76_661_320, macs: 25_117_011_968, activations: 29_830_632, top1: 0.8204 },
  { encoding: '02031-a02_64_1-111111211111-111121121111-2', params: 79_389_128, macs: 14_083_620_864, activations: 12_820_968, top1: 0.8122 },
  { encoding: '02031-a02_64_1121-111111111111111111111111111-21111111211111-1', params: 87_338_056, macs: 27_506_192_384, activations: 31_335_912, top1: 0.8242 },
  { encoding: '211-_64_411-2111-21111111111111111111111-211', params: 102_997_832, macs: 18_156_527_616, activations: 15_906_792, top1: 0.8208 },
  { encoding: '23311-a02c12_64_211-2111-21111111111111111111111-211', params: 130_445_000, macs: 23_460_511_744, activations: 19_419_112, top1: 0.8265 },
]

/** A training step of 64 images on an NVIDIA V100 with float32, milliseconds. Measured by the authors of NAS-OA/NASOA; facts, quoted. */
export const referenceSteps: readonly { readonly encoding: string; readonly stepMs: number }[] = [
  { encoding: '2-_32_2-11-112-1121112', stepMs: 14.74 },
  { encoding: '031-_32_1-1-221-11121', stepMs: 15.78 },
  { encoding: '011-_32_2-211-2-111122', stepMs: 26.28 },
  { encoding: '031-_64_1-1-221-11121', stepMs: 36.3 },
  { encoding: '011-_64_21-211-121-11111121', stepMs: 61.95 },
  { encoding: '10001-_64_4-111-11122-1111111111111112', stepMs: 93.04 },
  { encoding: '211-_64_41-211-121-11111121', stepMs: 133.97 },
  { encoding: '10001-_64_4-111111111-211112111112-11111', stepMs: 193.4 },
  { encoding: '02031-a02_64_111-2111-21111111111111111111111-211', stepMs: 265.13 },
  { encoding: '211-_64_411-2111-21111111111111111111111-211', stepMs: 370.28 },
  { encoding: '02031-a02_64_1121-111111111111111111111111111-21111111211111-1', stepMs: 505.0 },
  { encoding: '23311-a02c12_64_211-2111-21111111111111111111111-211', stepMs: 542.52 },
]

/** What the reference networks were measured at. */
export const referenceSize = { resolution: 224, classes: 1000, batch: 64 } as const
