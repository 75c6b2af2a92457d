export { slug } from '../util/slug';
