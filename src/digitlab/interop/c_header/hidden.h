
/* What a hidden unit gives: $in_words. */
static inline float digitlab_activation(float z) {
    $formula
}

/* Weighted sums become what the units give, in whole numbers of -level to level. Returns what 1 is worth. */
static inline float digitlab_hidden(float *z, int units, int level, int16_t *a) {
    float most = 0.0f;
    for (int unit = 0; unit < units; unit++) {
        z[unit] = digitlab_activation(z[unit]);
        float size = z[unit] < 0.0f ? -z[unit] : z[unit];
        if (size > most) most = size;
    }
    if (most < 1e-30f) most = 1.0f;
    float share = (float)level / most;
    for (int unit = 0; unit < units; unit++) {
        float scaled = z[unit] * share;
        a[unit] = (int16_t)(scaled < 0.0f ? scaled - 0.5f : scaled + 0.5f);
    }
    return most / (float)level;
}
