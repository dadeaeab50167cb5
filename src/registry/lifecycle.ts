export const LIFECYCLES = ['draft', 'pending', 'active', 'deprecated', 'disabled'] as const
/**
 * Where an agent stands: being prepared (`draft`) or waiting to be let in (`pending`), and seen only by who may manage it;
 * in use; in use, but to be left for another (`deprecated`); or seen and not called (`disabled`).
 */
export type Lifecycle = (typeof LIFECYCLES)[number]

/** What may become of what. Who has been in use is never unseen again: its tasks are others' too. */
export const TRANSITIONS: Readonly<Record<Lifecycle, readonly Lifecycle[]>> = {
  draft: ['pending', 'active'],
  pending: ['draft', 'active'],
  active: ['deprecated', 'disabled'],
  deprecated: ['active', 'disabled'],
  disabled: ['active', 'deprecated'],
}

/** Whether it is, or once was, in use. */
export const isLetIn = ({ lifecycle }: { readonly lifecycle: Lifecycle }): boolean =>
  lifecycle !== 'draft' && lifecycle !== 'pending'
