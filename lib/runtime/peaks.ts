/** Dense matrix products of a card in TFLOP/s, without sparsity, and its memory in GiB, as its maker's data sheet says. */
export interface Peak {
  bf16: number;
  tf32: number;
  f32: number;
  /** Of the smallest variant, where there are several. */
  gib: number;
}

/**
 * Cards by a pattern of the name that nvidia-smi gives, the more particular before the more general. Volta and Turing have no bfloat16 and no TF32: their
 * bfloat16 column is half precision's, their TF32 column float32's. Source: NVIDIA's data sheets and architecture papers (sparsity's factor 2 taken out).
 */
const PEAKS: readonly [RegExp, Peak][] = [
  [/B200/, { bf16: 2250, tf32: 1100, f32: 80, gib: 180 }],
  [/GH200|H200/, { bf16: 989, tf32: 495, f32: 67, gib: 141 }],
  [/H100.*(PCIe|NVL)/, { bf16: 756, tf32: 378, f32: 51, gib: 80 }],
  [/H100/, { bf16: 989, tf32: 495, f32: 67, gib: 80 }],
  [/H20\b/, { bf16: 148, tf32: 74, f32: 44, gib: 96 }],
  [/A100|A800/, { bf16: 312, tf32: 156, f32: 19.5, gib: 40 }],
  [/L40S/, { bf16: 362, tf32: 183, f32: 91.6, gib: 48 }],
  [/L40\b/, { bf16: 181, tf32: 90.5, f32: 90.5, gib: 48 }],
  [/\bL4\b/, { bf16: 121, tf32: 60, f32: 30.3, gib: 24 }],
  [/A40\b/, { bf16: 150, tf32: 74.8, f32: 37.4, gib: 48 }],
  [/\bA30\b/, { bf16: 165, tf32: 82, f32: 10.3, gib: 24 }],
  [/\bA10\b/, { bf16: 125, tf32: 62.5, f32: 31.2, gib: 24 }],
  [/RTX 4090/, { bf16: 165, tf32: 82.6, f32: 82.6, gib: 24 }],
  [/RTX 3090/, { bf16: 71, tf32: 35.6, f32: 35.6, gib: 24 }],
  [/V100/, { bf16: 125, tf32: 15.7, f32: 15.7, gib: 16 }],
  [/\bT4\b/, { bf16: 65, tf32: 8.1, f32: 8.1, gib: 16 }],
];

/** A card's peak; undefined for one that the table lacks. */
export const peakOf = (name: string): Peak | undefined => PEAKS.find(([pattern]) => pattern.test(name))?.[1];
