/* Layers one after the other as a program: a row's inputs are its inputs, the parameters the first of its uniforms.
 */
#ifndef FASTGRAD_NETWORK_H
#define FASTGRAD_NETWORK_H

#include "programs/composites.h"
#include "programs/optimize.h"

/* How many parameters and products a layer has. */
static inline uint64_t layer_parameters(uint64_t nin, uint64_t nout) { return (nin + 1) * nout; }

/* The results of a layer whose parameters begin at a place, from the items of its inputs. */
static inline void build_layer(struct builder *b, const uint32_t *x, uint32_t nin, struct layer_size size,
                               uint32_t place, uint32_t *result)
{
    for (uint32_t j = 0; j < size.nout; j++, place += nin + 1) {
        for (uint32_t k = 0; k < nin; k++) {
            push_operand(b, build_captured(b, place + k));
            push_operand(b, x[k]);
        }
        result[j] = build_dot(b, build_captured(b, place + nin), nin);
        if (size.activation != ACTIVATION_softmax)
            result[j] = build_activation(b, size.activation, result[j]);
    }
    if (size.activation == ACTIVATION_softmax)
        build_softmax(b, result, size.nout);
}

/* The items of the last layer's results, in `x`, which has room for twice the widest layer or the inputs; returns how
 * many parameters there are. */
static inline uint32_t build_layers(struct builder *b, uint32_t *x, uint32_t nin, const struct layer_size *size,
                                    uint32_t layers, uint32_t widest)
{
    uint32_t place = 0;
    for (uint32_t k = 0; k < nin; k++)
        x[k] = build_input(b, k);
    for (uint32_t l = 0; l < layers; l++) {
        build_layer(b, x, nin, size[l], place, x + widest);
        memcpy(x, x + widest, size[l].nout * sizeof(*x));
        place += (uint32_t)layer_parameters(nin, size[l].nout);
        nin = size[l].nout;
    }
    return place;
}

/* Write the program that computes n items. The arrays are the caller's to free, even where memory fails. */
static inline int write_program(struct program *p, struct builder *b, const uint32_t *items, uint32_t n,
                                uint32_t inputs, uint32_t captured)
{
    struct optimizer o;
    int done = 0;
    if (optimizer_begin(&o, b, items, n) && fuse_sums(&o)) {
        const struct counts c = number_values(&o, inputs, captured);
        *p = (struct program){
            .inputs = inputs, .uniforms = captured + c.constants, .uniform_steps = c.uniform_steps, .steps = c.steps,
            .operands = c.operands, .outputs = n, .step = malloc((c.steps + 1) * sizeof(*p->step)),
            .operand = malloc((c.operands + 1) * sizeof(*p->operand)), .output = malloc(n * sizeof(*p->output)),
            .guard = malloc(1), .uniform = calloc(captured + c.constants, sizeof(*p->uniform)),
        };
        done = p->step && p->operand && p->output && p->guard && p->uniform;
        if (done) {
            write_constants(&o, p->uniform + captured);
            write_steps(&o, p->step, p->operand);
        }
        for (uint32_t k = 0; done && k < n; k++)
            p->output[k] = o.value[items[k]];
    }
    optimizer_free(&o);
    return done;
}

/* The program of layers, whose parameters follow one another; returns whether there was memory for it. */
static inline int network_program(struct program *p, uint32_t nin, const struct layer_size *size, uint32_t layers)
{
    struct builder b;
    uint32_t widest = nin, *x;
    int done = 0;
    for (uint32_t l = 0; l < layers; l++)
        widest = size[l].nout > widest ? size[l].nout : widest;
    x = malloc(2 * (size_t)widest * sizeof(*x));
    if (x && builder_begin(&b)) {
        const uint32_t parameters = build_layers(&b, x, nin, size, layers, widest);
        done = !b.failed && write_program(p, &b, x, size[layers - 1].nout, nin, parameters);
        builder_free(&b);
    }
    free(x);
    return done;
}

#endif
