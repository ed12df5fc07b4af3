/* Which dots are a matrix. The contract is in the header. */

#include "rows/matrices.h"

#include <stdlib.h>

enum { LEAST_INPUTS = 4 };  /* of a matrix of one output: a dot of fewer pairs is as fast by itself */

/* The factors of a dot's k-th pair as input and weight: the input is the one that varies. Of two that do not, a captured
 * number and 1 mostly, it is the one with the larger number, as constants come last: the rows of a matrix share it. */
struct factors { uint32_t input, weight; };

static struct factors factors_of(const struct program *p, const struct step *s, uint32_t k)
{
    const uint32_t *pair = p->operand + s->a + 2 * (uint64_t)k;
    const int second = varies(p, pair[0]) == varies(p, pair[1]) ? pair[1] > pair[0] : varies(p, pair[1]);
    return (struct factors){pair[second], pair[!second]};
}

static uint32_t stride_of(uint32_t inputs) { return (inputs + GROUP - 1) / GROUP * GROUP; }

/* Is a step a dot of distinct inputs with uniform weights and bias, which may be rounded? */
static int is_row(const struct program *p, const unsigned char *flags, uint32_t i, uint32_t *mark)
{
    const struct step *s = &p->step[i];
    const unsigned char flag = flags[first_step(p) + i];
    if (i < p->uniform_steps || s->op != STEP_dot || !(flag & NEEDED) || flag & GUARDED)
        return 0;
    for (uint32_t k = 0; k < s->n; k++) {
        const struct factors pair = factors_of(p, s, k);
        if (varies(p, pair.weight) || mark[pair.input] == i)
            return 0;
        mark[pair.input] = i;
    }
    return s->b == NO_VALUE || !varies(p, s->b);
}

/* Can a row be computed, and swept, in place of an earlier one? */
static int is_row_of_same(const struct program *p, uint32_t i, uint32_t first)
{
    const struct step *s = &p->step[i], *other = &p->step[first];
    if (s->n != other->n)
        return 0;
    for (uint32_t k = 0; k < s->n; k++)
        if (factors_of(p, s, k).input != factors_of(p, other, k).input)
            return 0;
    return 1;
}

/* Writes the first row of each row's matrix to `of`, and how many rows a first one has to `rows`. */
static void find_rows(const struct matrices *m, const struct program *p, const unsigned char *flags, uint32_t *rows,
                      uint32_t *mark)
{
    uint32_t first = NO_VALUE;
    for (uint64_t v = 0; v < value_count(p); v++)
        mark[v] = NO_VALUE;
    for (uint32_t i = 0; i < p->steps; i++) {
        rows[i] = 0;
        m->of[i] = NO_VALUE;
        if (!is_row(p, flags, i, mark))
            continue;
        if (first == NO_VALUE || !is_row_of_same(p, i, first))
            first = i;
        m->of[i] = first;
        rows[first]++;
    }
}

/* Writes the number of each row's matrix in place of the first row, and counts matrices and weights. */
static void number_matrices(struct matrices *m, const struct program *p, const uint32_t *rows, uint32_t *number)
{
    uint64_t weights = 0;
    for (uint32_t i = 0; i < p->steps; i++) {
        const uint32_t first = m->of[i], inputs = p->step[i].n;
        if (first == NO_VALUE)
            continue;
        if (first == i)
            number[i] = rows[i] == 1 && inputs < LEAST_INPUTS ? NO_VALUE : m->n++;
        m->of[i] = number[first];
        weights += m->of[i] == NO_VALUE ? 0 : stride_of(inputs);
    }
    m->weights = weights < UINT32_MAX ? (uint32_t)weights : UINT32_MAX;
}

static int make_arrays(struct matrices *m)
{
    const size_t places = m->weights + (size_t)1;  /* there are no more outputs and inputs than weights */
    m->matrix = calloc(m->n + (size_t)1, sizeof *m->matrix);
    m->output = malloc(places * sizeof *m->output);
    m->input = malloc(places * sizeof *m->input);
    m->x = malloc(places * sizeof *m->x);
    m->weight = malloc(places * sizeof *m->weight);
    m->slope = malloc(places * sizeof *m->slope);
    return m->matrix && m->output && m->input && m->x && m->weight && m->slope && m->weights < UINT32_MAX;
}

/* What is made of the program's steps: the next free places of the arrays. */
struct filler {
    struct matrices *m;
    const struct program *p;
    const unsigned char *flags;
    struct matrix_output *output;
    struct matrix_input *input;
    uint32_t *x, *weight, *slope;
};

static int is_pulled(const struct filler *f, uint32_t v) { return v != NO_VALUE && f->flags[v] & PULLED; }

static void add_row(struct filler *f, struct matrix *matrix, uint32_t i)
{
    const struct step *s = &f->p->step[i];
    const uint32_t v = first_step(f->p) + i;
    const int pulled = is_pulled(f, v);
    *f->output++ = (struct matrix_output){v, v, s->b, pulled && is_pulled(f, s->b) ? s->b : NO_VALUE};
    for (uint32_t k = 0; k < matrix->stride; k++)
        *f->weight++ = factors_of(f->p, s, k < s->n ? k : s->n - 1).weight;
    matrix->outputs++;
    matrix->pulled += pulled;
}

/* Places for the adjoints of the weights, if any of them is wanted. */
static void add_slopes(struct filler *f, struct matrix *matrix)
{
    const uint32_t *weight = f->m->weight + matrix->weights;
    const uint64_t n = (uint64_t)matrix->pulled * matrix->stride;
    int wanted = 0;
    matrix->slopes = (uint32_t)(f->slope - f->m->slope);
    for (uint64_t k = 0; k < n; k++) {
        const int is_wanted = k % matrix->stride < matrix->inputs && is_pulled(f, weight[k]);
        f->slope[k] = is_wanted ? weight[k] : NO_VALUE;
        wanted |= is_wanted;
    }
    if (wanted)
        f->slope += n;
    else
        matrix->slopes = NO_VALUE;
}

static void add_inputs(struct filler *f, struct matrix *matrix)
{
    for (uint32_t k = 0; k < matrix->inputs && matrix->pulled; k++)
        if (is_pulled(f, matrix->x[k])) {
            *f->input++ = (struct matrix_input){k, matrix->x[k], NOTHING};
            matrix->active++;
        }
}

/* The matrix whose rows are among some steps, the first of which is one. */
static void add_matrix(struct filler *f, uint32_t from, uint32_t to)
{
    const struct step *s = &f->p->step[from];
    struct matrix *matrix = &f->m->matrix[f->m->of[from]];
    *matrix = (struct matrix){
        .first = from, .inputs = s->n, .stride = stride_of(s->n), .weights = (uint32_t)(f->weight - f->m->weight),
        .x = f->x, .output = f->output, .input = f->input,
    };
    for (uint32_t k = 0; k < matrix->stride; k++)
        *f->x++ = factors_of(f->p, s, k < s->n ? k : s->n - 1).input;
    for (int pulled = 1; pulled >= 0; pulled--)
        for (uint32_t i = from; i < to; i++)
            if (f->m->of[i] != NO_VALUE && is_pulled(f, first_step(f->p) + i) == pulled)
                add_row(f, matrix, i);
    add_slopes(f, matrix);
    add_inputs(f, matrix);
}

static void add_matrices(struct matrices *m, const struct program *p, const unsigned char *flags)
{
    struct filler f = {m, p, flags, m->output, m->input, m->x, m->weight, m->slope};
    for (uint32_t from = 0, to; from < p->steps; from = to) {
        to = from + 1;
        if (m->of[from] == NO_VALUE)
            continue;
        while (to < p->steps && (m->of[to] == NO_VALUE || m->of[to] == m->of[from]))
            to++;
        add_matrix(&f, from, to);
    }
    m->slopes = (uint32_t)(f.slope - m->slope);
}

int make_matrices(struct matrices *m, const struct program *p, const unsigned char *flags, int careful)
{
    const uint64_t steps = p->steps + (uint64_t)1;
    uint32_t *tables = malloc((2 * steps + value_count(p)) * sizeof *tables);
    *m = (struct matrices){.of = malloc(steps * sizeof *m->of)};
    int made = tables && m->of;
    for (uint32_t i = 0; made && i < p->steps; i++)
        m->of[i] = NO_VALUE;
    if (made && !careful) {
        find_rows(m, p, flags, tables, tables + 2 * steps);
        number_matrices(m, p, tables, tables + steps);
        made = make_arrays(m);
        if (made)
            add_matrices(m, p, flags);
    }
    free(tables);
    return made ? 0 : -1;
}

void free_matrices(struct matrices *m)
{
    free(m->of);
    free(m->matrix);
    free(m->output);
    free(m->input);
    free(m->x);
    free(m->weight);
    free(m->slope);
    *m = (struct matrices){.n = 0};
}

void gather_weights(const struct matrices *m, const double *uniform, double *weight)
{
    for (uint32_t k = 0; k < m->weights; k++)
        weight[k] = uniform[m->weight[k]];
}
