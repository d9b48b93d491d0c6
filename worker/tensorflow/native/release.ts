import { UnsupportedPlatformError } from './errors.js'

/** A file of the wheel that is unpacked, and what it must be. */
export interface PinnedFile {
  /** Path inside the wheel. */
  readonly entry: string
  readonly bytes: number
  readonly sha256: string
}

/** One published wheel of the pinned TensorFlow version. */
export interface Release {
  readonly version: string
  /** Platform as the cache names it, such as `linux-x64`. */
  readonly platform: string
  /** Name of the distribution in the Python package index. */
  readonly distribution: string
  /** Tag that pip is asked for, whatever Python runs it. */
  readonly wheelTag: string
  readonly wheel: { readonly file: string; readonly bytes: number; readonly sha256: string }
  readonly libraries: readonly PinnedFile[]
  /** The wheel's extra whose packages hold CUDA; a release without it computes on the CPU. */
  readonly cudaExtra?: string
}

/** What a libtensorflow computes on. */
export type Variant = 'cpu' | 'cuda'

/** What the machine is, as far as it decides which wheel fits. */
export interface Platform {
  readonly os: string
  readonly arch: string
  /** `glibc` or `musl`; null where neither applies. */
  readonly libc: string | null
}

export const tensorflowVersion = '2.19.1'

/** Folders of the wheel that hold the headers which the addon's C++ sources include, themselves or through others. */
export const headerFolders = [
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/',
  'tensorflow/include/tsl/platform/',
  'tensorflow/include/xla/tsl/c/',
] as const

const releases: readonly Release[] = [
  {
    version: tensorflowVersion,
    platform: 'linux-x64',
    distribution: 'tensorflow-cpu',
    wheelTag: 'manylinux2014_x86_64',
    wheel: {
      file: 'tensorflow_cpu-2.19.1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
      bytes: 251_917_833,
      sha256: '2cb4b20fa86b04c166db1616fd466d09ec850cc3b47607cf12225469e750c476',
    },
    libraries: [
      {
        entry: 'tensorflow/libtensorflow_cc.so.2',
        bytes: 686_113_096,
        sha256: '0855f3bb8aa9eb1491d3aa68cea51ef555533feec8d048e80f18f4c88166f955',
      },
      {
        entry: 'tensorflow/libtensorflow_framework.so.2',
        bytes: 61_430_936,
        sha256: '387ee3a509d75e6459d39ccad1894e108ef3dcc2b7224fab16963a366eadf14a',
      },
    ],
  },
  {
    // There is no tensorflow-cpu wheel for arm64: the plain one is built without CUDA there.
    version: tensorflowVersion,
    platform: 'linux-arm64',
    distribution: 'tensorflow',
    wheelTag: 'manylinux2014_aarch64',
    wheel: {
      file: 'tensorflow-2.19.1-cp312-cp312-manylinux_2_17_aarch64.manylinux2014_aarch64.whl',
      bytes: 252_718_124,
      sha256: '4c0e78b6100545fd90934c557f1ce802e6a9a7fdb031025efc298efb4aa2e3bb',
    },
    libraries: [
      {
        entry: 'tensorflow/libtensorflow_cc.so.2',
        bytes: 860_647_201,
        sha256: 'bf2e6b0dd172c0a67039d4164bd405a63b390f9947e2cf53de4e52d7b009d4fc',
      },
      {
        entry: 'tensorflow/libtensorflow_framework.so.2',
        bytes: 53_143_896,
        sha256: 'a68f37d7c7371a0b292c95783be53b9e272d692aa1469f8fc9ec30e7c663af6f',
      },
      {
        entry: 'tensorflow.libs/libomp-f1025659.so.5',
        bytes: 1_295_273,
        sha256: '4aa18145de88f387fd6c500b16847f275efbf3933b8e0cfa6d70008327a32c52',
      },
    ],
  },
]

/** The plain wheel is the CUDA build on x64. */
const cudaRelease: Release = {
  version: tensorflowVersion,
  platform: 'linux-x64',
  distribution: 'tensorflow',
  wheelTag: 'manylinux2014_x86_64',
  wheel: {
    file: 'tensorflow-2.19.1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    bytes: 645_010_075,
    sha256: '35a6950f3fee0ad2d1668241d31684676f2e6eceb613cbeef960ea22014ef8fb',
  },
  libraries: [
    {
      entry: 'tensorflow/libtensorflow_cc.so.2',
      bytes: 1_180_397_584,
      sha256: '9772559d927fd8ba588879845a6243498ff175d969802228edea55cee3f93808',
    },
    {
      entry: 'tensorflow/libtensorflow_framework.so.2',
      bytes: 164_303_592,
      sha256: '3101eb0f19e0e84e82753db4ad6d6e95483d2bb75b09bb18b4b8c3c401ac5a9c',
    },
  ],
  cudaExtra: 'and-cuda',
}

/**
 * The release for a platform.
 * @throws UnsupportedPlatformError naming what was found and what is supported
 */
export function releaseFor({ os, arch, libc }: Platform, variant: Variant = 'cpu'): Release {
  if (variant === 'cuda') return cudaReleaseFor({ os, arch, libc })
  const release = releases.find(({ platform }) => platform === `${os}-${arch}`)
  if (release !== undefined && libc === 'glibc') return release
  const found = libc === null ? `${os}-${arch}` : `${os}-${arch} with ${libc}`
  const supported = releases.map(({ platform }) => platform).join(', ')
  throw new UnsupportedPlatformError(
    `no TensorFlow ${tensorflowVersion} for ${found}: use ${supported} with glibc, or name a folder with a libtensorflow ` +
      'of your own in NASOA_LIBTENSORFLOW',
    { os, arch, libc },
  )
}

function cudaReleaseFor({ os, arch, libc }: Platform): Release {
  if (cudaRelease.platform === `${os}-${arch}` && libc === 'glibc') return cudaRelease
  throw new UnsupportedPlatformError(
    `no CUDA build of TensorFlow ${tensorflowVersion} for ${os}-${arch}: use ${cudaRelease.platform} with glibc, or name a folder with a ` +
      'libtensorflow of your own in NASOA_LIBTENSORFLOW',
    { os, arch, libc },
  )
}
