/** A nominal type: two strings that mean different things are not interchangeable, at no cost at run time. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };
