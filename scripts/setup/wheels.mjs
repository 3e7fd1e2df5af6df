/**
 * Where TensorFlow's C library comes from: one pinned wheel per platform (any CPython tag serves: only the library and a few headers are used).
 * Linux x86-64 is tried; the other rows have the same files and are untried.
 */
export const tensorflowVersion = '2.21.0';

/** The folders of a TensorFlow wheel that are kept: the two libraries, and the headers that the addon's sources reach. */
const kept = [
  'tensorflow/libtensorflow',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/ctstring',
  'tensorflow/include/tsl/platform/ctstring',
  'tensorflow/include/xla/tsl/c/',
];

const linux = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
const darwin = ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'];

const tensorflow = (name, platform, megabytes, sha256, libraries) => ({
  libraries,
  unpackedMegabytes: Math.round(megabytes * 3.2),
  wheels: [{ name, version: tensorflowVersion, platform, megabytes, sha256, kept }],
});

const cuda = (name, version, platform, megabytes, sha256, more = []) => ({
  name: `nvidia-${name}-cu12`,
  version,
  platform,
  megabytes,
  sha256,
  kept: [`nvidia/${name.replaceAll('-', '_')}/lib/`, ...more],
});

/** NVIDIA's CUDA 12 libraries in the versions that `tensorflow[and-cuda]==2.21.0` accepts, newest at the time of pinning. */
const linuxCuda = [
  cuda('cublas', '12.9.3.13', 'manylinux_2_27_x86_64', 581, 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72'),
  cuda('cuda-cupti', '12.8.90', 'manylinux2014_x86_64', 10, 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182'),
  cuda('cuda-nvcc', '12.9.86', 'manylinux2010_x86_64', 41, '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0', [
    'nvidia/cuda_nvcc/bin/',
    'nvidia/cuda_nvcc/nvvm/',
  ]),
  cuda('cuda-nvrtc', '12.9.86', 'manylinux2010_x86_64', 90, '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4'),
  cuda('cuda-runtime', '12.9.79', 'manylinux2014_x86_64', 3, '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3'),
  cuda('cudnn', '9.28.0.42', 'manylinux_2_27_x86_64', 717, '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375'),
  cuda('cufft', '11.4.1.4', 'manylinux2014_x86_64', 201, 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28'),
  cuda('curand', '10.3.10.19', 'manylinux_2_27_x86_64', 68, '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e'),
  cuda('cusolver', '11.7.5.82', 'manylinux_2_27_x86_64', 338, '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88'),
  cuda('cusparse', '12.5.10.65', 'manylinux2014_x86_64', 366, '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78'),
  cuda('nccl', '2.32.3', 'manylinux_2_27_x86_64', 352, 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c'),
  cuda('nvjitlink', '12.9.86', 'manylinux2010_x86_64', 40, 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9'),
];

export const platforms = {
  'linux-x64': {
    tried: true,
    cpu: tensorflow(
      'tensorflow-cpu',
      'manylinux_2_27_x86_64',
      274,
      '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
      linux,
    ),
    gpu: tensorflow(
      'tensorflow',
      'manylinux_2_27_x86_64',
      572,
      '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
      linux,
    ),
    cuda: linuxCuda,
  },
  'linux-arm64': {
    tried: false,
    cpu: tensorflow(
      'tensorflow',
      'manylinux_2_27_aarch64',
      280,
      '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c',
      linux,
    ),
  },
  'darwin-arm64': {
    tried: false,
    cpu: tensorflow(
      'tensorflow',
      'macosx_12_0_arm64',
      223,
      '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88',
      darwin,
    ),
  },
};

/** What this machine needs for `variant` ('cpu' or 'gpu'): the wheels, the libraries to link and the name of the folder they are unpacked to. */
export function wanted(variant, systemCuda = false, machine = `${process.platform}-${process.arch}`) {
  const platform = platforms[machine];
  if (!platform) throw new Error(`no TensorFlow wheel is known for ${machine}; known: ${Object.keys(platforms).join(', ')}`);
  const base = platform[variant];
  if (!base) throw new Error(`there is no GPU build for ${machine}; it exists for linux-x64`);
  const wheels = variant === 'gpu' && !systemCuda ? [...base.wheels, ...platform.cuda] : base.wheels;
  const name = `${tensorflowVersion}-${variant}${variant === 'gpu' && systemCuda ? '-system-cuda' : ''}-${machine}`;
  return { ...base, wheels, variant, machine, tried: platform.tried, folder: `${name}-${base.wheels[0].sha256.slice(0, 8)}` };
}
