/* $title
 *
 *     #include "$file"
 *     int found = digitlab_predict(pixels);      $pixels
 *     digitlab_probabilities(pixels, p);         $outputs floats that add up to 1
 *
$told
 *
 * C99 and C++: no heap, no math library, no double. Its buffers are static, so one call at a time.
 * Made by digitlab $version. Do not change it by hand: export it again.
 */
#ifndef DIGITLAB_CLASSIFIER_H
#define DIGITLAB_CLASSIFIER_H

#include <stdint.h>

#define DIGITLAB_INPUTS $inputs
#define DIGITLAB_OUTPUTS $outputs

/* Weights of layer 1 are digitlab_W1[unit][input], each a whole number times digitlab_scale1[unit]. */
$arrays
/* The name of an output, as UTF-8. */
static inline const char *digitlab_name(int output) {
    static const char *const names[DIGITLAB_OUTPUTS] = {
$names
    };
    return names[output];
}

/* e^x = 2^n e^r, where |r| is at most half the logarithm of 2, and e^r is a series: within 1e-6 of itself. */
static inline float digitlab_exp(float x) {
    if (x < -80.0f) return 0.0f;
    if (x > 80.0f) x = 80.0f;
    int n = (int)(x * 1.44269504f + (x < 0.0f ? -0.5f : 0.5f));
    float r = (x - (float)n * 0.693359375f) + (float)n * 2.12194440e-4f;
    float power = 1.0f + r * (1.0f + r / 2.0f * (1.0f + r / 3.0f * (1.0f + r / 4.0f * (1.0f + r / 5.0f * (1.0f + r / 6.0f)))));
    for (; n > 0; n--) power *= 2.0f;
    for (; n < 0; n++) power *= 0.5f;
    return power;
}

/* z = W a + b: whole numbers are summed, which is exact, and become floats after that. An a is worth a step. */
static inline void digitlab_layer(const int16_t *a, float step, int inputs, const int8_t *W, const float *scale,
                                  const float *b, int units, float *z) {
    for (int unit = 0; unit < units; unit++) {
        int32_t sum = 0;
        for (int input = 0; input < inputs; input++) sum += (int32_t)*W++ * a[input];
        z[unit] = (float)sum * (step * scale[unit]) + b[unit];
    }
}
$hidden$deskew
/* How much speaks for each output, before it becomes probabilities. */
static inline void digitlab_logits(const uint8_t pixels[DIGITLAB_INPUTS], float logits[DIGITLAB_OUTPUTS]) {
$forward
}

/* How probable each output is. */
static inline void digitlab_probabilities(const uint8_t pixels[DIGITLAB_INPUTS], float p[DIGITLAB_OUTPUTS]) {
    digitlab_logits(pixels, p);
    float most = p[0], sum = 0.0f;
    for (int k = 1; k < DIGITLAB_OUTPUTS; k++) most = p[k] > most ? p[k] : most;
    for (int k = 0; k < DIGITLAB_OUTPUTS; k++) sum += p[k] = digitlab_exp((p[k] - most) / $temperature);
    for (int k = 0; k < DIGITLAB_OUTPUTS; k++) p[k] /= sum;
}

/* The most probable output. */
static inline int digitlab_predict(const uint8_t pixels[DIGITLAB_INPUTS]) {
    float logits[DIGITLAB_OUTPUTS];
    digitlab_logits(pixels, logits);
    int best = 0;
    for (int k = 1; k < DIGITLAB_OUTPUTS; k++) best = logits[k] > logits[best] ? k : best;
    return best;
}

#endif
