
static inline int64_t digitlab_floor(int64_t n, int64_t d) {
    return n / d - (n % d < 0);
}

/* A slanted digit upright, as this network learnt digits: rows are shifted sideways until the ink does not lean. */
static inline void digitlab_deskew(const uint8_t *pixels, int16_t *upright) {
    int64_t M = 0, X = 0, Y = 0, XY = 0, YY = 0;
    for (int y = 0; y < 28; y++) {
        for (int x = 0; x < 28; x++) {
            int64_t ink = pixels[28 * y + x];
            M += ink;
            X += ink * x;
            Y += ink * y;
            XY += ink * x * y;
            YY += ink * y * y;
        }
    }
    int64_t n = M * XY - X * Y, d = M * YY - Y * Y;
    int64_t k = d == 0 ? 0 : digitlab_floor(512 * n + d, 2 * d);
    k = k < -256 ? -256 : k > 256 ? 256 : k;
    for (int y = 0; y < 28; y++) {
        int shift = d == 0 ? 0 : (int)digitlab_floor(2 * k * (M * y - Y) + M, 2 * M);
        int whole = (int)digitlab_floor(shift, 256), rest = shift - 256 * whole;
        for (int x = 0; x < 28; x++) {
            int left = x + whole, right = left + 1;
            int a = left >= 0 && left < 28 ? pixels[28 * y + left] : 0;
            int b = right >= 0 && right < 28 ? pixels[28 * y + right] : 0;
            upright[28 * y + x] = (int16_t)(((256 - rest) * a + rest * b + 128) / 256);
        }
    }
}
