/* The sums of four vectors' numbers at a time, for processors with AVX2: included where these instructions are allowed. */

static OP_INLINE void add_sums(double *to, __m256d a, __m256d b, __m256d c, __m256d d)
{
    __m256d ab = _mm256_unpacklo_pd(a, b) + _mm256_unpackhi_pd(a, b);
    __m256d cd = _mm256_unpacklo_pd(c, d) + _mm256_unpackhi_pd(c, d);
    __m256d sums = _mm256_permute2f128_pd(ab, cd, 0x20) + _mm256_permute2f128_pd(ab, cd, 0x31);
    _mm256_storeu_pd(to, _mm256_loadu_pd(to) + sums);
}
