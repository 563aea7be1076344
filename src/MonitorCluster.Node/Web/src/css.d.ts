// esbuild turns imported style sheets into the page's one.
declare module '*.css';
